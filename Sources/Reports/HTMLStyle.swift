/// What every page of ours looks like.
enum HTMLStyle {
  static let common = """
    :root{color-scheme:light dark;--line:#8884;--dim:#8889;--soft:#8881}
    body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:76rem;padding:1rem 1.5rem}
    h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.1rem;margin:1.6rem 0 .4rem}small{font-weight:normal;color:var(--dim)}
    dl{display:flex;flex-wrap:wrap;gap:.3rem 2rem;margin:.6rem 0}dt{color:var(--dim);font-size:.8rem}dd{margin:0}
    code{font:13px ui-monospace,monospace}
    .stand-in{background:#e8a33d33;border-left:4px solid #e8a33d;padding:.3rem .7rem}.warning{color:#c33}
    table{border-collapse:collapse;width:100%;font-size:.85rem}th{text-align:left;color:var(--dim);font-weight:normal}
    td,th{padding:.2rem .6rem;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
    """

  /// How a page begins (Mustache), up to the title in its header; `style` is what it has besides.
  static func beginning(_ style: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{{title}}</title>
    <style>\(common)
    \(style)</style>
    </head>
    <body>
    <header>
    <h1>{{title}}</h1>
    {{#standIn}}<p class="stand-in">{{.}}</p>{{/standIn}}
    """
  }
}
