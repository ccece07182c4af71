import FuzzSupport

// What comes from a board and its line.
fuzz([
  "raw-repl": RawREPLTarget.self,
  "traceback": TracebackTarget.self,
  "telnet": TelnetTarget.self,
  "usb-descriptors": USBDescriptorsTarget.self,
])
