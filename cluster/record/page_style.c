#include "cluster/record/page_style.h"

/* Colours in the light and in the dark, the page, the verdict, the anatomy, the numbers. */
static const char frame[] =
    ":root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2330;--soft:#5a6678;"
    "--line:#dde2ea;--pass:#1a7f4b;--pass-bg:#e4f5ec;--fail:#c0362c;--fail-bg:#fdeaea;"
    "--dim:#8a6d1a;--dim-bg:#fbf3dc;--n0:#3b6fd4;--n1:#0f9c8a;--n2:#8456c8;--n3:#d0762b;"
    "--n4:#5b7083;--none:#e3a5a0;--bar:#3b6fd4;--shade:#c0362c14}"
    "@media(prefers-color-scheme:dark){:root{--bg:#11161d;--card:#1a212b;--ink:#e6ebf2;"
    "--soft:#98a5b8;--line:#2c3644;--pass:#4fcf8e;--pass-bg:#12301f;--fail:#ff7d72;"
    "--fail-bg:#3a1917;--dim:#e2c15a;--dim-bg:#332a10;--n0:#6d9bf1;--n1:#3cc5b1;--n2:#b08cea;"
    "--n3:#ec9a56;--n4:#8fa3b5;--none:#7c3f3a;--bar:#6d9bf1;--shade:#ff7d721c}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"
    "'Segoe UI',Roboto,'Noto Sans',sans-serif;font-variant-numeric:tabular-nums}"
    "main{max-width:1080px;margin:0 auto;padding:20px 20px 60px}"
    "h1{font-size:26px;line-height:1.2;margin:0;font-weight:650;letter-spacing:-.01em}"
    "h2{font-size:17px;margin:0 0 4px;font-weight:650}"
    "p.lead{margin:0 0 10px;color:var(--soft);max-width:75ch}"
    "section{background:var(--card);border:1px solid var(--line);border-radius:12px;"
    "padding:14px 20px 16px;margin-top:14px}"
    ".banner{display:flex;gap:22px;align-items:center;overflow:hidden;"
    "padding-left:30px;background:linear-gradient(90deg,var(--tone) 8px,var(--tone-bg) 8px)}"
    ".banner .word{font-size:30px;font-weight:750;color:var(--tone);text-transform:uppercase;"
    "letter-spacing:.04em}"
    ".banner .sub{color:var(--soft);margin-top:2px}"
    ".pass{--tone:var(--pass);--tone-bg:var(--pass-bg)}"
    ".fail{--tone:var(--fail);--tone-bg:var(--fail-bg)}"
    ".inconclusive{--tone:var(--dim);--tone-bg:var(--dim-bg)}"
    ".anatomy{display:grid;grid-template-columns:max-content 1fr max-content;gap:6px 14px;margin:0;"
    "align-items:center;font-size:14px;line-height:1.35}.anatomy dt,.anatomy dd{margin:0}"
    ".anatomy .track{position:relative;height:14px;border-radius:4px;background:var(--bg)}"
    ".anatomy i{position:absolute;top:0;bottom:0;min-width:3px;border-radius:4px}"
    ".anatomy .done{text-align:right;font-weight:600}.anatomy "
    ".never{text-align:right;color:var(--soft)}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px;"
    "margin-top:14px}"
    ".card{background:var(--card);border:1px solid var(--line);border-radius:12px;"
    "padding:10px 14px}"
    ".card b{display:block;font-size:20px;font-weight:650;line-height:1.25}"
    ".card span{color:var(--soft);font-size:13px}";

/* Tables and what stands in their cells. */
static const char tables[] =
    "table{border-collapse:collapse;width:100%;font-size:14px}"
    "th{text-align:left;color:var(--soft);font-weight:550;font-size:12.5px;"
    "border-bottom:1px solid var(--line);padding:6px 10px 6px 0;white-space:nowrap}"
    "td{padding:7px 10px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}"
    "tr:last-child td{border-bottom:0}td.n,th.n{text-align:right;padding-right:22px}"
    "td.id{font-weight:600;white-space:nowrap;font-size:13px}td small{color:var(--soft)}"
    "td .obs{color:var(--soft)}"
    ".pill{display:inline-block;border-radius:99px;padding:1px 10px;font-size:12.5px;"
    "font-weight:600;color:var(--tone);background:var(--tone-bg);white-space:nowrap}";

/* The drawings, and what explains them. */
static const char drawings[] =
    "svg{display:block;width:100%;height:auto;overflow:visible}"
    "svg text{fill:var(--soft);font-size:12px;font-family:inherit}"
    "svg text.ink{fill:var(--ink)}svg text.fault{fill:var(--fail);font-weight:600}"
    "svg .grid{stroke:var(--soft);stroke-width:1;opacity:.28}svg "
    ".axis{stroke:var(--soft);stroke-width:1}"
    "svg .mark{stroke:var(--fail);stroke-width:1.5}"
    "svg .heal{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:4 3;opacity:.7}"
    ".legend{display:flex;flex-wrap:wrap;gap:6px 18px;font-size:13px;color:var(--soft);"
    "margin:8px 0 12px}.legend i{display:inline-block;width:11px;height:11px;border-radius:3px;"
    "margin-right:6px;vertical-align:-1px}"
    ".strip{display:flex;height:26px;border-radius:7px;overflow:hidden;margin:6px 0 10px;"
    "background:var(--line)}.strip i{display:block}"
    "summary{cursor:pointer;color:var(--soft);font-size:14px;margin:6px 0}"
    ".scroll{overflow-x:auto;overflow-y:hidden}.note{color:var(--soft);font-size:13px;margin-top:"
    "26px}"
    "code{font:13px ui-monospace,'SF Mono',Menlo,Consolas,monospace}";

/* On a narrow screen, and on paper. */
static const char narrow[] =
    "@media(max-width:640px){main{padding:14px 10px 40px}section{padding:12px "
    "14px}h1{font-size:21px}"
    ".banner{flex-wrap:wrap;gap:2px 22px;padding-left:24px}.anatomy{gap:6px 8px;font-size:13px}"
    ".scroll svg{width:620px}.cards{grid-template-columns:1fr 1fr}.checks "
    "thead{display:none}.checks tr{display:flex;flex-wrap:wrap;gap:2px 10px;"
    "padding:7px 0;border-bottom:1px solid var(--line)}.checks td{border:0;padding:0}.checks "
    "td:last-child{width:100%}svg "
    "text{font-size:15px}td{padding-right:8px}}"
    "@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc}"
    "body{font-size:12px}main{max-width:none;padding:0}section{break-inside:avoid;"
    "border-radius:0;padding:12px 14px}section.long{break-inside:auto}tr{break-inside:avoid}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}details{display:block}.scroll{"
    "overflow:visible}}";

void page_style_write(FILE *f)
{
    fprintf(f, "<style>%s%s%s%s</style>", frame, tables, drawings, narrow);
}
