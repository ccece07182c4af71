import PosixIO
import RawREPL

extension Board {
  /// Asks the firmware who it is, in one execution.
  /// - Throws: `BoardFailure` with `.unfit` where it does not say.
  func identify() async throws -> BoardIdentity {
    let output = try await session.execute(Self.identification, deadline: .after(timeouts.exchange))
    let lines = output.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard output.errorOutput.isEmpty, lines.count >= 6, let free = Int(lines[4]) else {
      let reason = output.traceback.map { ": \($0)" } ?? ""
      throw BoardFailure(board: link.selector.description, .unfit("it does not say who it is\(reason)"))
    }
    var identity = BoardIdentity(
      machine: lines[0], implementation: Self.properNames[lines[5]] ?? lines[5], version: lines[1],
      build: lines[2], uniqueID: lines[3], freeHeapBytes: free)
    /// What not every port tells.
    func more(_ line: Int) -> String? { lines.count > line && !lines[line].isEmpty ? lines[line] : nil }
    identity.platform = more(6)
    identity.uname = more(7)
    identity.modules = more(8)?.split(separator: " ").map(String.init)
    identity.tlsLibrary = more(9)
    return identity
  }

  /// How the makers of these interpreters write their names.
  private static let properNames = ["micropython": "MicroPython", "cpython": "CPython"]

  /// Prints up to ten lines, with nothing left behind in the board's namespace: what is imported to see whether it is there is
  /// forgotten again, and its heap is free.
  private static let identification = """
    def f():
     import sys,gc
     i=sys.implementation
     print(getattr(i,'_machine','unknown'))
     print('.'.join(str(n) for n in i.version[:3]))
     print(sys.version.split('; ')[-1])
     try:
      import machine,binascii
      print(binascii.hexlify(machine.unique_id()).decode())
     except (ImportError,AttributeError):
      print('')
     gc.collect()
     print(gc.mem_free())
     print(i.name)
     print(sys.platform)
     if i.name!='micropython':return
     try:
      import os
      print(' '.join(os.uname()))
     except (ImportError,AttributeError,TypeError):
      print('')
     k=getattr(sys,'modules',{})
     had=list(k)
     has=[]
     tls=''
     for n in '\(BoardIdentity.modulesAskedFor.joined(separator: " "))'.split():
      try:
       m=__import__(n)
      except Exception:
       continue
      has.append(n)
      tls=tls or getattr(m,'MBEDTLS_VERSION','')
     print(' '.join(has))
     print(tls)
     for n in list(k):
      if n not in had:del k[n]
     m=None
     gc.collect()
    try:
     f()
    finally:
     del f
    """
}
