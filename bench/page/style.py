# SPDX-License-Identifier: MIT
"""Colours and type, for the page and for pictures that stand alone.

The colours are those of Okabe and Ito, which the colour-blind tell apart, a
little darker on white and lighter on black; shapes say the same.
"""

LIGHT = {
    "paper": "#ffffff", "card": "#f6f7f9", "ink": "#1b1f24", "soft": "#59636e",
    "line": "#d5dae1", "grid": "#e8ebef", "band": "#eef1f4",
    "good": "#0064a6", "bad": "#c04a00", "tie": "#6b7480",
    "c0": "#0064a6", "c1": "#c04a00", "c2": "#00805a", "c3": "#a8477f",
    "c4": "#8a6500", "c5": "#3b87b8", "c6": "#5b4bb5", "c7": "#5c6670",
}
DARK = {
    "paper": "#0f1318", "card": "#171c23", "ink": "#e8ecf1", "soft": "#9aa5b1",
    "line": "#333c47", "grid": "#222931", "band": "#1b222a",
    "good": "#56b4e9", "bad": "#f0883e", "tie": "#98a3af",
    "c0": "#56b4e9", "c1": "#f0883e", "c2": "#2fc295", "c3": "#e091bd",
    "c4": "#e6b422", "c5": "#8fcdf2", "c6": "#a99bf5", "c7": "#a4aeb9",
}
NR_COLOURS = 8


def _variables(colours):
    return "".join("--%s:%s;" % item for item in colours.items())


COLOURS = ":root{color-scheme:light dark;%s}\n" \
          "@media(prefers-color-scheme:dark){:root{%s}}\n" % (
              _variables(LIGHT), _variables(DARK))

PICTURES = """
svg{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
  font-variant-numeric:tabular-nums}
svg text{fill:var(--ink)}
svg .soft{fill:var(--soft)}
svg .small{font-size:11px}
svg .strong{font-weight:600}
svg .halo{paint-order:stroke;stroke:var(--paper);stroke-width:5px;
  stroke-linejoin:round}
svg .head{fill:var(--soft);font-size:11px}
svg .axis{stroke:var(--line)}
svg .grid{stroke:var(--grid)}
svg .one{stroke:var(--soft)}
svg .paper{fill:var(--paper)}
svg .band{fill:var(--band)}
svg .dash{stroke-dasharray:4 3}
svg .plot{fill:none;stroke-width:1.8;stroke-linejoin:round}
svg .whisker{stroke-width:1.6;stroke-linecap:round}
svg .faint{stroke-opacity:.4}
svg .edge{stroke:var(--paper);stroke-width:.8}
svg .empty{fill:none;stroke:var(--line);stroke-dasharray:3 3}
""" + "".join(
    "svg .s-{0}{{stroke:var(--{0})}}svg .f-{0}{{fill:var(--{0})}}"
    "svg .o-{0}{{fill:var(--paper);stroke:var(--{0});stroke-width:1.6}}"
    "svg text.t-{0}{{fill:var(--{0})}}\n".format(name)
    for name in ("good", "bad", "tie", *("c%d" % i for i in range(NR_COLOURS))))

PAGE = """
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
  font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
  -webkit-text-size-adjust:100%}
main{max-width:960px;margin:0 auto;padding:40px 24px 72px}
h1{font-size:29px;line-height:1.25;letter-spacing:-.015em;margin:0 0 10px;
  font-weight:650;text-wrap:balance}
h2{font-size:20px;line-height:1.3;margin:52px 0 6px;letter-spacing:-.008em;
  font-weight:650}
h3{font-size:15px;margin:26px 0 4px;font-weight:650}
p{margin:0 0 12px;max-width:74ch}
p.meta{max-width:none;text-wrap:pretty}
.lead{font-size:18px;line-height:1.5;max-width:66ch;text-wrap:pretty}
.soft,figcaption,.meta{color:var(--soft)}
.meta,figcaption,.note{font-size:13px;line-height:1.5}
.bad{color:var(--bad)}.good{color:var(--good)}.tie{color:var(--tie)}
.number{font-variant-numeric:tabular-nums}
figure{margin:18px 0 0}
figcaption{margin-top:6px;max-width:80ch}
svg{display:block;max-width:100%;height:auto}
.narrow{display:none}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(230px,1fr));
  gap:14px;margin:26px 0 22px}
.card{background:var(--card);border-radius:10px;padding:16px 18px 14px}
.card b{display:block;font-size:30px;line-height:1.15;letter-spacing:-.02em;
  font-weight:650;font-variant-numeric:tabular-nums;margin:2px 0 4px}
.card b small{font-size:16px;font-weight:500;letter-spacing:0}
.card span{font-size:13px;color:var(--soft);display:block;line-height:1.45}
.card .of{display:flex;justify-content:space-between;gap:12px;
  border-top:1px solid var(--grid);margin-top:6px;padding-top:5px;
  font-variant-numeric:tabular-nums}
.card .of+.of{border:0;margin:0;padding:0}
.call{border-left:3px solid var(--tie);padding:2px 0 2px 16px;margin:22px 0}
.call p{margin:0}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(400px,100%),1fr));
  gap:8px 32px}
.scroll{overflow-x:auto;margin:12px -4px 0;padding:0 4px}
table{border-collapse:collapse;font-size:13px;line-height:1.4;
  font-variant-numeric:tabular-nums;min-width:100%}
th,td{padding:5px 14px 5px 0;text-align:left;vertical-align:baseline;
  border-bottom:1px solid var(--grid)}
th{font-weight:600;color:var(--soft);border-bottom-color:var(--line);
  white-space:nowrap;vertical-align:bottom}
td b{white-space:nowrap}
td.n,th.n{text-align:right;white-space:nowrap}
td:last-child,th:last-child{padding-right:0}
table.fit{min-width:0}
table.fit td:first-child{padding-right:36px}
tr.first td{border-top:1px solid var(--line)}
td.why{color:var(--soft);font-style:italic}
details{margin-top:14px}
summary{cursor:pointer;color:var(--soft);font-size:13px}
pre{background:var(--card);border-radius:8px;padding:12px 14px;overflow-x:auto;
  font:12.5px/1.5 ui-monospace,"SF Mono",Menlo,"DejaVu Sans Mono",monospace}
.key{display:flex;flex-wrap:wrap;gap:4px 20px;font-size:13px;margin:12px 0 0;
  padding:0;list-style:none;color:var(--soft)}
.key li{display:flex;align-items:center;gap:6px}
@media(max-width:640px){
  main{padding:24px 16px 48px}
  h1{font-size:24px}.lead{font-size:16px}h2{margin-top:40px}
  .wide{display:none}.narrow{display:block}.narrow svg{width:100%}
}
@media print{main{max-width:none}details>*{display:block}}
"""
