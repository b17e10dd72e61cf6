/** The report's style sheet: two themes by variables; every colour pair was chosen for contrast on both. */
export const styleSheet = `
:root{--bg:#f6f7f9;--card:#fff;--ink:#16202c;--soft:#54616f;--line:#dde2e8;--accent:#0b5cad;--accent-soft:#e4eef9;
--g0:#0072b2;--g1:#d98200;--g2:#00896a;--g3:#b5568f;--g4:#2f9fd8;--g5:#c8500a;--alone:#9aa5b1;
--before:#b9c2cc;--before-weights:#8b97a4;--weights:#4f3f8f;--activations:#a99ad6;
--compute:#22344a;--on-chip:#8cc3ea;--off-chip:#1d6fc0;--limit:#c02f1d;--bad:#fdecea;--bad-line:#c02f1d;--warn:#fff5df;--warn-line:#b97700;--tint:14%;--on-dark:#fff}
@media (prefers-color-scheme:dark){:root{--bg:#10151b;--card:#181f27;--ink:#e8edf2;--soft:#a3b0bd;--line:#2d3843;--accent:#6fb3f2;--accent-soft:#1c2f43;
--g0:#4aa3dc;--g1:#e9a93f;--g2:#35b995;--g3:#d98dbb;--g4:#7cc8f0;--g5:#ee7d3c;--alone:#6d7a87;
--before:#4a5663;--before-weights:#6f7d8b;--weights:#8f7fe0;--activations:#cdc4f2;
--compute:#eef4fa;--on-chip:#2f5f8f;--off-chip:#6fb3f2;--limit:#ff7a66;--bad:#3a1d1a;--bad-line:#ff7a66;--warn:#352a12;--warn-line:#e9a93f;--tint:24%;--on-dark:#10151b}}
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1160px;margin:0 auto;padding:36px 24px 64px}
h1{font-size:30px;line-height:1.2;margin:2px 0 10px;letter-spacing:-.01em;overflow-wrap:anywhere}
h1 .on{color:var(--soft);font-weight:400}
h2{font-size:18px;margin:0 0 14px;letter-spacing:-.005em}
.aside{font-weight:400;font-size:14px;color:var(--soft);margin-left:8px}
.eyebrow{margin:0;color:var(--accent);font-weight:600;font-size:13px;letter-spacing:.06em;text-transform:uppercase}
.facts{list-style:none;margin:0 0 24px;padding:0;display:flex;flex-wrap:wrap;gap:4px 20px;color:var(--soft)}
.facts b{color:var(--ink);font-weight:600}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px 22px;margin:0 0 18px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:12px;margin:0 0 18px}
.figure{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 16px;min-width:0}
.figure dt{color:var(--soft);font-size:13px}
.figure dd{margin:2px 0 0}
.figure .value{display:block;font-size:25px;font-weight:650;letter-spacing:-.02em;line-height:1.25}
.figure .note{display:block;color:var(--soft);font-size:13px;overflow-wrap:anywhere}
.figure.lead{background:var(--accent-soft);border-color:var(--accent)}
.figure.lead .value{color:var(--accent)}
.delta{white-space:nowrap;font-weight:600;color:var(--ink)}
.notice{background:var(--card);border:1px solid var(--line);border-left:5px solid var(--accent);border-radius:10px;padding:14px 18px;margin:0 0 18px}
.notice h2{margin-bottom:6px}.notice p{margin:0 0 8px}.notice p:last-child{margin:0}
.notice.bad{background:var(--bad);border-color:var(--bad-line)}.notice.warn{background:var(--warn);border-color:var(--warn-line)}
.need{height:12px;border-radius:6px;border:1px solid var(--bad-line);margin:10px 0;overflow:hidden;background:repeating-linear-gradient(135deg,transparent 0 5px,color-mix(in srgb,var(--bad-line) 30%,transparent) 5px 10px)}
.need span{display:block;height:100%;background:var(--bad-line)}
.g0{--c:var(--g0);--t:var(--on-dark)}.g1{--c:var(--g1);--t:#16202c}.g2{--c:var(--g2);--t:var(--on-dark)}.g3{--c:var(--g3);--t:var(--on-dark)}.g4{--c:var(--g4);--t:#16202c}.g5{--c:var(--g5);--t:var(--on-dark)}.alone{--c:var(--alone);--t:#16202c}.failing{--c:var(--bad-line)}
.strip{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(98px,1fr));gap:7px 0}
.strip li{position:relative;min-width:0;margin:0 3px;padding:6px 8px 10px;border-radius:7px;border-top:4px solid var(--c);background:color-mix(in srgb,var(--c) var(--tint),var(--card));overflow:hidden;line-height:1.25}
.strip li.alone{background:color-mix(in srgb,var(--c) 9%,var(--card))}
.strip li.joins{margin-left:0;border-top-left-radius:0;border-bottom-left-radius:0}
.strip li.continues{margin-right:0;border-top-right-radius:0;border-bottom-right-radius:0}
.strip li.joins::before{content:"";position:absolute;left:0;top:7px;bottom:9px;border-left:1px dashed var(--c)}
.strip .path{display:block;font-size:11px;color:var(--soft);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.strip .name{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden;font-size:12.5px;font-weight:600;overflow-wrap:anywhere}
.strip .tag{display:block;font-size:11.5px;color:var(--soft);white-space:nowrap;min-height:14px}
.strip .macs{position:absolute;left:0;bottom:0;height:4px;background:var(--c);min-width:1px}
.strip.dense{grid-template-columns:repeat(auto-fill,minmax(84px,1fr));gap:5px 0}
.strip.dense li{padding:3px 5px 7px;margin:0 2px}.strip.dense li.joins{margin-left:0}.strip.dense li.continues{margin-right:0}
.strip.dense .name{font-size:10.5px}.strip.dense .path{font-size:9.5px}.strip.dense .tag{font-size:10px;min-height:12px}
.legend,.quiet{color:var(--soft);font-size:13px;margin:12px 0 0}
.swatches i,.key{display:inline-block;width:12px;height:12px;border-radius:3px;background:var(--c);vertical-align:-1px;margin-right:3px}
.key{margin-left:14px;margin-right:5px}.key:first-child,.key.pair{margin-left:0}.key.half{margin-right:1px}
.chart{display:block;width:100%;height:auto;overflow:visible}
.chart text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--soft)}
.chart .sub{font-size:10.5px}.chart .strong{font-weight:650;fill:var(--ink)}
.grid{stroke:var(--line);stroke-width:1}
.limit{stroke:var(--limit);stroke-width:1.5;stroke-dasharray:6 4}
.chart .limit-label{fill:var(--limit);font-weight:600}
rect.before,.key.before{fill:var(--before);background:var(--before)}rect.before-weights,.key.before-weights{fill:var(--before-weights);background:var(--before-weights)}
rect.weights,.key.weights{fill:var(--weights);background:var(--weights)}rect.activations,.key.activations{fill:var(--activations);background:var(--activations)}
rect.compute,.key.compute{fill:var(--compute);background:var(--compute)}rect.on-chip,.key.on-chip{fill:var(--on-chip);background:var(--on-chip)}rect.off-chip,.key.off-chip{fill:var(--off-chip);background:var(--off-chip)}
rect.g0,rect.g1,rect.g2,rect.g3,rect.g4,rect.g5,rect.alone{fill:var(--c)}
.span .part{fill:var(--c);stroke:var(--card);stroke-width:.6}.span .funnel{fill:var(--c);opacity:.2}.span:hover .funnel{opacity:.45}
.chart .part-label{fill:var(--t);font-weight:650}
.curve{fill:none;stroke:var(--c);stroke-width:2.2;stroke-linejoin:round}.curve.dashed{stroke-dasharray:7 4}.band{fill:var(--c);opacity:.16}.crowded .band{opacity:.07}.end{fill:var(--c);stroke:var(--card);stroke-width:1.5}.hollow{fill:var(--card);stroke:var(--c);stroke-width:1.5}
.marker{stroke:var(--soft);stroke-width:1.2;stroke-dasharray:2 4}
.lines{display:flex;flex-wrap:wrap;gap:4px 20px;color:var(--ink)}.stroke{display:inline-block;width:22px;border-top:3px solid var(--c);vertical-align:4px;margin-right:7px}.stroke.dashed{border-top-style:dashed}
.ends{display:block;color:var(--soft);font-size:12px}.notes{margin:0;padding-left:18px}.notes li{margin:3px 0}
.scroll{overflow:auto;max-height:640px;margin:0 -22px -20px;padding:0 22px 20px}
.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:-3px;border-radius:12px}
table{border-collapse:separate;border-spacing:0;width:100%;font-size:13.5px}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{text-align:left;padding:6px 10px;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400}
thead th{position:sticky;top:0;background:var(--card);color:var(--soft);font-weight:600;font-size:12.5px;vertical-align:bottom;z-index:1}
thead .number{white-space:normal;min-width:62px}
tbody th{font-weight:600}
.number{text-align:right;white-space:nowrap}
.scroll .wide{overflow-wrap:anywhere;min-width:235px}thead .number:first-child{min-width:0}
td:first-child,th:first-child{padding-left:0}td:last-child,th:last-child{padding-right:0}
tbody tr:hover>*{background:color-mix(in srgb,var(--accent) 6%,transparent)}
summary{cursor:pointer}details[open] summary{margin-bottom:4px}
.group-badge{display:inline-block;min-width:34px;padding:0 6px;border-radius:5px;border-left:4px solid var(--c);background:color-mix(in srgb,var(--c) var(--tint),var(--card));font-weight:600;font-size:12.5px}
.bound{white-space:nowrap}.bound::before{content:"";display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:6px;background:var(--c)}
.bound.compute{--c:var(--compute)}.bound.on-chip{--c:var(--on-chip)}.bound.off-chip{--c:var(--off-chip)}
.badge{background:var(--accent-soft);color:var(--accent);border-radius:4px;padding:0 6px;font-size:12px;font-weight:600;margin-left:4px}
.staged{font-weight:600}.short{white-space:nowrap}
pre{margin:0;padding:12px 14px;background:var(--bg);border:1px solid var(--line);border-radius:8px;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.vector{margin-top:10px}.vector .sync{color:var(--soft)}.vector .stage{color:var(--accent);font-weight:650}
.settings{display:grid;grid-template-columns:repeat(auto-fill,minmax(320px,1fr));gap:4px 26px;margin:14px 0 0}
.settings div{display:flex;gap:10px;border-bottom:1px solid var(--line);padding:4px 0}
.settings dt{color:var(--soft);flex:0 0 92px}.settings dd{margin:0;overflow-wrap:anywhere}
@media (max-width:760px){section{overflow-x:auto}.chart{min-width:680px}}
@media (max-width:640px){main{padding:20px 12px}section{padding:16px 14px}.scroll{margin:0 -14px -16px;padding:0 14px 16px}h1{font-size:24px}}
@page{size:landscape;margin:12mm}
@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc;--accent:#0b5cad;--accent-soft:#e4eef9;--tint:16%;--on-dark:#fff;
--g0:#0072b2;--g1:#d98200;--g2:#00896a;--g3:#b5568f;--g4:#2f9fd8;--g5:#c8500a;--alone:#9aa5b1;--before:#b9c2cc;--before-weights:#8b97a4;--weights:#4f3f8f;--activations:#a99ad6;
--compute:#22344a;--on-chip:#8cc3ea;--off-chip:#1d6fc0;--limit:#c02f1d;--bad:#fdecea;--bad-line:#c02f1d;--warn:#fff5df;--warn-line:#b97700}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}main{max-width:none;padding:0}section,.figure,.notice{break-inside:avoid}section:has(table),section:has(.strip){break-inside:auto}
body{font-size:12.5px}table{font-size:10.5px}th,td{padding:3px 6px}.scroll .wide{min-width:150px}thead .number{min-width:0}.chart{min-width:0}h2{break-after:avoid}
tr,.strip li{break-inside:avoid}.scroll{max-height:none;overflow:visible}thead th{position:static}}
`;
