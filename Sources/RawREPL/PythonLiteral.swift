/// A value written as Python source that may travel over a REPL.
///
/// The source is printable ASCII only: control bytes would act on the REPL instead of being read (0x03
/// interrupts, 0x04 ends the text), and anything beyond ASCII would depend on who decodes it.
public indirect enum PythonLiteral: Sendable, Equatable {
  /// `None`.
  case none
  /// `True` or `False`.
  case bool(Bool)
  /// An integer.
  case int(Int)
  /// A floating-point number; infinities and NaN become `float('inf')` and the like.
  case double(Double)
  /// A `str`.
  case string(String)
  /// A `bytes` object of any content.
  case bytes([UInt8])
  /// A `list`.
  case list([PythonLiteral])
  /// A `tuple`.
  case tuple([PythonLiteral])
  /// A `dict`, in the order given.
  case dictionary([(key: PythonLiteral, value: PythonLiteral)])

  /// The value as an expression in Python source.
  public var source: String {
    switch self {
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .int(let value): String(value)
    case .double(let value): value.isFinite ? value.description : "float('\(value.description)')"
    case .string(let text): "'" + text.unicodeScalars.map(Self.escape).joined() + "'"
    case .bytes(let bytes): Self.literal(bytes)
    case .list(let items): "[" + Self.join(items) + "]"
    case .tuple(let items): "(" + Self.join(items) + (items.count == 1 ? ",)" : ")")
    case .dictionary(let pairs):
      "{" + pairs.map { "\($0.key.source): \($0.value.source)" }.joined(separator: ", ") + "}"
    }
  }

  /// Compares the values; dictionaries are equal only in the same order, as their sources are.
  public static func == (left: PythonLiteral, right: PythonLiteral) -> Bool { left.source == right.source }

  private static func join(_ items: [PythonLiteral]) -> String {
    items.map(\.source).joined(separator: ", ")
  }

  /// Written into a buffer, because serial logs pass many bytes through here.
  private static func literal(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = [UInt8(ascii: "b"), UInt8(ascii: "'")]
    text.reserveCapacity(bytes.count + bytes.count / 8 + 3)
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\\"), UInt8(ascii: "'"): text += [UInt8(ascii: "\\"), byte]
      case 0x20...0x7E: text.append(byte)
      default: text += escape(byte: byte).utf8
      }
    }
    text.append(UInt8(ascii: "'"))
    return String(decoding: text, as: UTF8.self)
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    if let byte = UInt8(exactly: scalar.value), byte < 0x80 { return escape(byte: byte) }
    return scalar.value <= 0xFFFF ? "\\u" + hex(scalar.value, 4) : "\\U" + hex(scalar.value, 8)
  }

  private static func escape(byte: UInt8) -> String {
    switch byte {
    case UInt8(ascii: "\\"): "\\\\"
    case UInt8(ascii: "'"): "\\'"
    case UInt8(ascii: "\n"): "\\n"
    case UInt8(ascii: "\r"): "\\r"
    case UInt8(ascii: "\t"): "\\t"
    case 0x20...0x7E: String(UnicodeScalar(byte))
    default: "\\x" + hex(UInt32(byte), 2)
    }
  }

  private static func hex(_ value: UInt32, _ width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: width - digits.count) + digits
  }
}

extension PythonLiteral: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
  ExpressibleByArrayLiteral, ExpressibleByNilLiteral, ExpressibleByDictionaryLiteral
{
  /// `True` or `False`.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An integer.
  public init(integerLiteral value: Int) { self = .int(value) }
  /// A `str`.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A `list`.
  public init(arrayLiteral elements: PythonLiteral...) { self = .list(elements) }
  /// `None`.
  public init(nilLiteral: ()) { self = .none }
  /// A `dict`.
  public init(dictionaryLiteral elements: (PythonLiteral, PythonLiteral)...) {
    self = .dictionary(elements.map { (key: $0.0, value: $0.1) })
  }
}
