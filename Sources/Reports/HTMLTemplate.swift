/// The template of `report.html` (Mustache). Self-contained: style and script are inside, nothing is loaded from anywhere.
enum HTMLTemplate {
  static let text = """
    \(HTMLStyle.beginning(style))
    <dl>
    {{#facts}}<div><dt>{{name}}</dt><dd>{{value}}</dd></div>
    {{/facts}}
    </dl>
    <p class="counts">{{#counts}}<button type="button" class="badge {{verdict}}" data-verdict="{{verdict}}">{{count}} {{verdict}}</button> {{/counts}}
    <input id="filter" type="search" placeholder="filter: id, rule, section" aria-label="Filter cases"></p>
    {{#endedEarly}}<p class="warning">The run ended early: {{.}}</p>{{/endedEarly}}
    </header>
    <main>
    {{#hasLatency}}<section><h2>Latency</h2>
    <table class="latency"><thead><tr><th></th><th></th><th colspan="5">device</th><th colspan="5">reference</th></tr><tr><th>measure</th><th>payload</th><th>echoes</th><th>p50</th><th>p90</th><th>p99</th><th>max</th><th>echoes</th><th>p50</th><th>p90</th><th>p99</th><th>max</th></tr></thead><tbody>
    {{#latencyTotals}}<tr><td>{{measure}}</td><td>{{payload}}</td><td>{{deviceCount}}</td><td>{{deviceP50}}</td><td>{{deviceP90}}</td><td>{{deviceP99}}</td><td>{{deviceMax}}</td><td>{{referenceCount}}</td><td>{{referenceP50}}</td><td>{{referenceP90}}</td><td>{{referenceP99}}</td><td>{{referenceMax}}</td></tr>
    {{/latencyTotals}}</tbody></table>
    <details><summary>by payload size</summary><table class="latency"><thead><tr><th></th><th></th><th colspan="5">device</th><th colspan="5">reference</th></tr><tr><th>measure</th><th>payload</th><th>echoes</th><th>p50</th><th>p90</th><th>p99</th><th>max</th><th>echoes</th><th>p50</th><th>p90</th><th>p99</th><th>max</th></tr></thead><tbody>
    {{#latencySizes}}<tr><td>{{measure}}</td><td>{{payload}}</td><td>{{deviceCount}}</td><td>{{deviceP50}}</td><td>{{deviceP90}}</td><td>{{deviceP99}}</td><td>{{deviceMax}}</td><td>{{referenceCount}}</td><td>{{referenceP50}}</td><td>{{referenceP90}}</td><td>{{referenceP99}}</td><td>{{referenceMax}}</td></tr>
    {{/latencySizes}}</tbody></table></details></section>{{/hasLatency}}
    {{#chapters}}<section class="chapter"><h2>{{title}} <small>{{summary}}</small></h2>
    {{#cases}}<details class="case" data-verdict="{{verdict}}" data-text="{{search}}"{{#open}} open{{/open}}>
    <summary><span class="badge {{verdict}}">{{verdict}}</span><code>{{id}}</code><span class="description">{{description}}</span><span class="section">{{requirement}} {{rfc}}</span></summary>
    <div class="body">
    <p><b>Expected:</b> {{expectation}}</p>
    {{#reason}}<p><b>Seen:</b> {{.}}</p>{{/reason}}
    {{#accepted}}<p><b>Accepted by the baseline:</b> {{.}}</p>{{/accepted}}
    {{#hasViolations}}<ul class="violations">{{#violations}}<li>{{.}}</li>{{/violations}}</ul>{{/hasViolations}}
    {{#hasReferenceViolations}}<p class="warning">The reference itself broke a rule:</p><ul class="violations">{{#referenceViolations}}<li>{{.}}</li>{{/referenceViolations}}</ul>{{/hasReferenceViolations}}
    {{#hasRows}}<table class="frames"><thead><tr><th></th><th>device</th><th>reference</th><th>broken rule</th></tr></thead><tbody>
    {{#rows}}<tr{{#differs}} class="differs"{{/differs}}><td>{{part}}</td><td>{{device}}</td><td>{{reference}}</td><td>{{rule}}</td></tr>
    {{/rows}}</tbody></table>{{/hasRows}}
    {{#hasBoardEvents}}<p><b>Board:</b></p><ul>{{#boardEvents}}<li>{{.}}</li>{{/boardEvents}}</ul>{{/hasBoardEvents}}
    {{#hasBlackBoxes}}<p><b>Trouble of the bench:</b></p><ul>{{#blackBoxes}}<li>{{words}} (<a href="{{path}}/trouble.txt">trouble</a> · <a href="{{path}}/serial.log">serial log</a>)</li>{{/blackBoxes}}</ul>{{/hasBlackBoxes}}
    <p class="times">{{times}}</p>
    {{#folder}}<p><a href="{{.}}/wire.txt">wire log</a> · <a href="{{.}}/serial.log">serial log</a> · <a href="{{.}}/scenario.json">scenario</a> · <code>{{replay}}</code></p>{{/folder}}
    </div></details>
    {{/cases}}</section>
    {{/chapters}}
    {{#coverage}}<section><h2>RFC 6455 <small>{{summary}}</small></h2>
    <details><summary>each demand</summary><table class="rules"><thead><tr><th>section</th><th>keyword</th><th>what</th><th>kept</th><th>broken</th><th>scenarios, or why there is none</th></tr></thead><tbody>
    {{#rules}}<tr{{#isBroken}} class="differs"{{/isBroken}}><td>{{id}}</td><td>{{keyword}}</td><td>{{paraphrase}}</td><td>{{passed}}</td><td>{{failed}}</td><td>{{how}}</td></tr>
    {{/rules}}</tbody></table></details></section>{{/coverage}}
    </main>
    <script>\(script)</script>
    </body>
    </html>

    """

  private static let style = """
    .badge{display:inline-block;border:0;border-radius:1rem;padding:.1rem .6rem;font-size:.8rem;background:#8883;color:inherit;cursor:pointer}
    .badge.passed{background:#2a84;}.badge.failed{background:#d338;}.badge.inconclusive{background:#a3c8}
    .badge.nonStrict,.badge.informational{background:#e8a33d77}.badge.unsupported{background:#38c6}
    .badge.off{opacity:.3}
    details.case{border-bottom:1px solid var(--line)}summary{display:flex;gap:.7rem;align-items:baseline;padding:.25rem 0;cursor:pointer}
    summary::before{content:"\\25B8";color:var(--dim)}details[open]>summary::before{content:"\\25BE"}
    .description{flex:1;color:inherit}.section{color:var(--dim);font-size:.85rem;white-space:nowrap}
    .body{padding:.2rem 0 .8rem 1.6rem}.body p{margin:.3rem 0}.violations li{margin:.2rem 0}
    .frames td{font-family:ui-monospace,monospace;width:38%}.frames td:first-child{font-family:inherit;width:8%;color:var(--dim)}.frames td:last-child{width:16%}.differs{background:#dd333322}
    .rules td:first-child,.rules td:nth-child(2){white-space:nowrap}
    .latency td:nth-child(n+3),.latency th:nth-child(n+3){text-align:right}.latency td:nth-child(7){border-right:1px solid var(--line)}.times{color:var(--dim);font-size:.85rem}
    #filter{font:inherit;padding:.2rem .6rem;border:1px solid var(--line);border-radius:.4rem;background:var(--soft);color:inherit;min-width:16rem}
    """

  private static let script = """
    const off=new Set(),field=document.getElementById('filter');
    function apply(){const words=field.value.toLowerCase().split(/\\s+/).filter(Boolean);
    for(const c of document.querySelectorAll('details.case'))
    c.hidden=off.has(c.dataset.verdict)||!words.every(w=>c.dataset.text.includes(w));
    for(const s of document.querySelectorAll('section.chapter'))
    s.hidden=!s.querySelector('details.case:not([hidden])')}
    field.addEventListener('input',apply);
    for(const b of document.querySelectorAll('button.badge'))b.addEventListener('click',()=>{
    const v=b.dataset.verdict;off.has(v)?off.delete(v):off.add(v);b.classList.toggle('off',off.has(v));apply()});
    """
}
