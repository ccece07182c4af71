import FuzzSupport

// What a WebSocket peer sends.
fuzz([
  "frames": FrameDecoderTarget.self,
  "connection": ConnectionTarget.self,
  "request-head": RequestHeadTarget.self,
  "response-head": ResponseHeadTarget.self,
  "deflate": DeflateTarget.self,
  "plain-inflater": PlainInflaterTarget.self,
  "utf8": UTF8Target.self,
])
