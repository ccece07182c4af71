import Foundation
import RawREPL

/// The programs that get a board ready and ask it things, for the raw REPL. Each prints lines `~S:KEY=VALUE` and leaves no name
/// behind; what else comes, such as messages of a driver's, is skipped.
enum BoardPrograms {
  /// What a program printed, by key.
  static func answers(_ text: String) -> [String: String] {
    var answers: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("~S:") {
      let parts = line.dropFirst(3).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { answers[String(parts[0])] = String(parts[1]) }
    }
    // As `micropython.mem_info()` prints it, in blocks.
    if let size = answers["blockSize"].flatMap({ Int($0) }),
      let match = text.firstMatch(of: /max free sz: (\d+)/)
    {
      answers["block"] = Int(match.1).map { String($0 * size) }
    }
    return answers
  }

  /// Defines a function of this body, runs it with the arguments, and forgets it.
  private static func calling(_ body: String, _ arguments: [(name: String, value: PythonLiteral)] = [])
    -> String
  {
    let lines = body.split(separator: "\n", omittingEmptySubsequences: false).map { " \($0)" }
    let names = arguments.map(\.name).joined(separator: ",")
    let values = arguments.map(\.value.source).joined(separator: ",")
    return """
      def f(\(names)):
       def say(k,v):print('~S:%s=%s'%(k,v))
      \(lines.joined(separator: "\n"))
      try:
       f(\(values))
      finally:
       del f
      """
  }

  /// Joins a WLAN, unless that has happened, and waits for an address. Says `state`: `joined`, `already` (it was there), or why not:
  /// `noRadio`, `passphrase`, `absent`, `noAddress`, `timeOut`. A board may be joined to another network than the one wanted.
  static func join(_ wlan: WLANAccess, seconds: Int) -> String {
    calling(
      """
      try:
       import network,time
      except ImportError:
       return say('state','noRadio')
      if not hasattr(network,'WLAN'):return say('state','noRadio')
      g=lambda n,d:getattr(network,n,d)
      if country:
       try:network.country(country)
       except AttributeError:pass
      w=network.WLAN(g('STA_IF',0))
      w.active(True)
      name=''
      for k in ('ssid','essid'):
       try:
        name=w.config(k)
        break
       except (ValueError,OSError):pass
      if isinstance(name,bytes):name=name.decode()
      if w.isconnected() and name==ssid:return say('state','already')
      try:w.disconnect()
      except OSError:pass
      w.connect(ssid,key) if key is not None else w.connect(ssid)
      start=time.ticks_ms()
      absent=0
      while not w.isconnected():
       s=w.status()
       if s==g('STAT_WRONG_PASSWORD',-3):return say('state','passphrase')
       if s==g('STAT_NO_AP_FOUND',-2):
        absent+=1
        if absent>20:return say('state','absent')
       if time.ticks_diff(time.ticks_ms(),start)>limit:return say('state','noAddress' if s==2 else 'timeOut')
       time.sleep_ms(50)
      say('state','joined')
      """,
      [
        ("ssid", .string(wlan.ssid)), ("key", wlan.passphrase.map { .string($0.text) } ?? .none),
        ("country", wlan.country.map(PythonLiteral.string) ?? .none),
        ("limit", .int(seconds * 1000)),
      ])
  }

  /// Sets the power mode, where one is wanted, and says what was `set`, as the firmware has it; says the board's `address`, and of its
  /// radio `pm`, `rssi` and `channel`, what of that its firmware tells. The mode is set last of all: it is the default again whenever the interface is brought up.
  static func radio(_ power: WLANPower?) -> String {
    calling(
      """
      try:
       import network
       w=network.WLAN(getattr(network,'STA_IF',0))
       if w.isconnected():say('address',w.ifconfig()[0])
       else:return
      except (ImportError,AttributeError,OSError):
       return
      if power:
       try:
        v=getattr(network.WLAN,'PM_'+power.upper())
        w.config(pm=v)
        say('set',v)
       except (AttributeError,ValueError,OSError):pass
      def ask(k,f):
       try:say(k,f())
       except Exception:pass
      ask('pm',lambda:w.config('pm'))
      ask('rssi',lambda:w.status('rssi'))
      ask('channel',lambda:w.config('channel'))
      """, [("power", power.map { .string($0.rawValue) } ?? .none)])
  }

  /// Sets the clock to a time in UTC, and says the `year` that it then has; an empty one where there is no clock to be set.
  static func setClock(_ date: Date) -> String {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let parts = calendar.dateComponents([.year, .month, .day, .weekday, .hour, .minute, .second], from: date)
    // MicroPython's week begins with Monday as 0, the calendar's with Sunday as 1.
    let weekday = ((parts.weekday ?? 1) + 5) % 7
    let fields = [
      parts.year ?? 2025, parts.month ?? 1, parts.day ?? 1, weekday, parts.hour ?? 0, parts.minute ?? 0,
      parts.second ?? 0, 0,
    ]
    return calling(
      """
      try:
       import machine,time
       c=machine.RTC()
      except (ImportError,AttributeError):
       return say('year','')
      c.datetime(t)
      say('year',time.gmtime()[0])
      """, [("t", .tuple(fields.map(PythonLiteral.int)))])
  }

  /// Has as many TCP sockets as the board lets it, at most `most`, and says their `count`, and the `error` that came then.
  static func sockets(most: Int) -> String {
    calling(
      """
      import socket
      k=[]
      try:
       while len(k)<most:k.append(socket.socket())
      except (OSError,MemoryError) as e:
       say('error',repr(e))
      say('count',len(k))
      for s in k:s.close()
      """, [("most", .int(most))])
  }

  /// Says the largest free `block` of the heap, and how much of it `tls` takes for a connection before its handshake, in bytes.
  static let memory = calling(
    """
    import gc,sys
    try:
     import micropython
     gc.collect()
     micropython.mem_info()
    except (ImportError,AttributeError):pass
    say('blockSize',32 if sys.maxsize>2**31 else 16)
    try:
     import socket,ssl
     c=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
     c.verify_mode=ssl.CERT_NONE
     s=socket.socket()
     gc.collect()
     before=gc.mem_free()
     t=c.wrap_socket(s,do_handshake_on_connect=False)
     gc.collect()
     say('tls',before-gc.mem_free())
     t.close()
    except Exception:pass
    """)

  /// Connects to the server, sends a request that holds the token, and says the first bytes of the `answer`, or the `error`.
  static func reach(host: String, port: UInt16, token: String, seconds: Int) -> String {
    calling(
      """
      import socket
      s=None
      try:
       a=socket.getaddrinfo(host,port)[0]
       s=socket.socket(a[0])
       s.settimeout(limit)
       s.connect(a[-1])
       s.send(b'GET /'+token+b' HTTP/1.1\\r\\nHost: wsrig\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n'
        b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n')
       say('answer',s.recv(12).decode())
      except OSError as e:
       say('error',repr(e))
      finally:
       if s:s.close()
      """,
      [
        ("host", .string(host)), ("port", .int(Int(port))), ("token", .bytes([UInt8](token.utf8))),
        ("limit", .int(seconds)),
      ])
  }
}
