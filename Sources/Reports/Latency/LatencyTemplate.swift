/// The template of `latency.html` (Mustache). Self-contained: style and pictures are inside, nothing is loaded from anywhere.
enum LatencyTemplate {
  static let text = """
    \(HTMLStyle.beginning(style))
    {{#endedEarly}}<p class="warning">{{.}}</p>{{/endedEarly}}
    <dl>
    {{#facts}}<div><dt>{{name}}</dt><dd>{{value}}</dd></div>
    {{/facts}}
    </dl>
    </header>
    <main>
    {{#hasFailures}}<section><h2>What came to nothing</h2><ul class="warning">{{#failures}}<li>{{.}}</li>
    {{/failures}}</ul></section>{{/hasFailures}}
    {{#hasFindings}}<section><h2>Findings</h2><ul>{{#findings}}<li>{{.}}</li>
    {{/findings}}</ul></section>{{/hasFindings}}
    {{#baseline}}<section><h2>Beside the baseline <small>{{name}}</small></h2>
    {{#hasRows}}<table class="numbers"><thead><tr><th>series</th>{{#columns}}<th>{{.}}</th>{{/columns}}</tr></thead><tbody>
    {{#rows}}<tr{{#isRegression}} class="differs"{{/isRegression}}><td>{{name}}</td>{{#cells}}<td>{{.}}</td>{{/cells}}</tr>
    {{/rows}}</tbody></table>{{/hasRows}}
    {{#notes}}<p class="note">{{.}}</p>
    {{/notes}}</section>{{/baseline}}
    <section><h2>Where the time goes <small>the usual exchange, layer by layer</small></h2>
    <p class="legend">{{#owners}}<span><i class="{{class}}"></i>{{words}}</span> {{/owners}}</p>
    <figure class="wide">{{{layers}}}</figure>
    <table class="numbers"><thead><tr><th>series</th>{{#layerColumns}}<th>{{.}}</th>{{/layerColumns}}</tr></thead><tbody>
    {{#layerRows}}<tr><td>{{name}}</td>{{#cells}}<td>{{.}}</td>{{/cells}}</tr>
    {{/layerRows}}</tbody></table>
    {{#layerNotes}}<p class="note">{{.}}</p>
    {{/layerNotes}}
    </section>
    {{#series}}<section><h2>{{name}}</h2>
    <table class="numbers"><thead><tr><th>round trip on the wire</th><th>echoes</th><th>p50</th><th>p90</th><th>p99</th><th>p99.9</th><th>max</th></tr></thead><tbody>
    {{#rows}}<tr><td>{{who}}</td><td>{{count}}</td><td>{{p50}}<small>{{i50}}</small></td><td>{{p90}}<small>{{i90}}</small></td><td>{{p99}}<small>{{i99}}</small></td><td>{{p999}}<small>{{i999}}</small></td><td>{{max}}</td></tr>
    {{/rows}}</tbody></table>
    {{#schedules}}<p class="note">{{.}}</p>
    {{/schedules}}
    <p class="legend"><span><i class="device"></i>device</span> {{#hasCorrected}}<span><i class="corrected"></i>device, corrected</span> {{/hasCorrected}}<span><i class="reference"></i>reference</span></p>
    <div class="pair"><figure>{{{percentiles}}}</figure><figure>{{{timeSeries}}}</figure></div>
    </section>
    {{/series}}
    {{#hasPhases}}<section><h2>Phases of a connection</h2>
    <table class="numbers"><thead><tr><th>phase</th><th>device p50</th><th>max</th><th>times</th><th>reference p50</th><th>max</th><th>times</th></tr></thead><tbody>
    {{#phases}}<tr><td>{{name}}</td><td>{{deviceP50}}</td><td>{{deviceMax}}</td><td>{{deviceCount}}</td><td>{{referenceP50}}</td><td>{{referenceMax}}</td><td>{{referenceCount}}</td></tr>
    {{/phases}}</tbody></table></section>{{/hasPhases}}
    {{#hasNoise}}<section><h2>Noise of the rig <small>the reference client on this computer, through the same server</small></h2>
    <table class="numbers"><thead><tr><th>conditions</th><th>p50</th><th>p99</th><th>medians of its rounds lie within</th></tr></thead><tbody>
    {{#noise}}<tr><td>{{name}}</td><td>{{p50}}</td><td>{{p99}}</td><td>{{drift}}</td></tr>
    {{/noise}}</tbody></table>
    <p class="note">A difference of medians below the last column is the rig's, not the client's.</p></section>{{/hasNoise}}
    </main>
    </body>
    </html>

    """

  private static let style = """
    :root{--device:#3a78b5;--reference:#d98324;--corrected:#c43d4b;--server:#8f959c;--network:#4e8fc7;--library:#e2a23b;--application:#56a05a}
    .numbers td:nth-child(n+2),.numbers th:nth-child(n+2){text-align:right}td small{display:block}.differs{background:#dd333322}
    figure{margin:.4rem 0}svg{width:100%;height:auto;display:block}.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(26rem,1fr));gap:1rem}
    svg text{font:11px system-ui,sans-serif;fill:currentColor}.grid{stroke:var(--line);stroke-width:1;fill:none}
    .line{fill:none;stroke-width:1.8;stroke-linejoin:round}.dots{fill:none;stroke-width:2.6;stroke-linecap:round;opacity:.55}
    .line.device,.dots.device{stroke:var(--device)}.line.reference,.dots.reference{stroke:var(--reference)}
    .line.corrected{stroke:var(--corrected);stroke-dasharray:5 3}
    rect.server{fill:var(--server)}rect.network{fill:var(--network)}rect.library{fill:var(--library)}rect.application{fill:var(--application)}
    .legend span{margin-right:1rem}.legend i{display:inline-block;width:.8rem;height:.8rem;border-radius:.2rem;margin-right:.35rem;vertical-align:-.08rem}
    i.device{background:var(--device)}i.reference{background:var(--reference)}i.corrected{background:var(--corrected)}
    i.server{background:var(--server)}i.network{background:var(--network)}i.library{background:var(--library)}i.application{background:var(--application)}
    .note{color:var(--dim);font-size:.85rem}
    """
}
