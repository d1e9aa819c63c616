#include "cluster/record/page.h"

#include <stdarg.h>

void page_text(FILE *f, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        switch (*c) {
        case '&':
            fputs("&amp;", f);
            break;
        case '<':
            fputs("&lt;", f);
            break;
        case '>':
            fputs("&gt;", f);
            break;
        case '"':
            fputs("&quot;", f);
            break;
        case '\'':
            fputs("&#39;", f);
            break;
        default:
            if ((unsigned char)*c >= 0x20) {
                fputc(*c, f);
            }
        }
    }
}

void page_say(FILE *f, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    page_text(f, text);
}

const char *page_time(int64_t us, char ret_text[PAGE_TIME_LEN])
{
    if (us < 0) {
        snprintf(ret_text, PAGE_TIME_LEN, "–");
    } else if (us < 1000000) {
        snprintf(ret_text, PAGE_TIME_LEN, "%lld ms", (long long)(us / 1000));
    } else if (us < 120000000) {
        snprintf(ret_text, PAGE_TIME_LEN, "%lld.%02lld s", (long long)(us / 1000000),
                 (long long)(us / 10000 % 100));
    } else {
        snprintf(ret_text, PAGE_TIME_LEN, "%lld min %02lld s", (long long)(us / 60000000),
                 (long long)(us / 1000000 % 60));
    }
    return ret_text;
}

const char *const page_style =
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
    "main{max-width:1080px;margin:0 auto;padding:28px 20px 60px}"
    "h1{font-size:26px;line-height:1.2;margin:0;font-weight:650;letter-spacing:-.01em}"
    "h2{font-size:17px;margin:0 0 4px;font-weight:650}"
    "p.lead{margin:0 0 14px;color:var(--soft);max-width:75ch}"
    "section{background:var(--card);border:1px solid var(--line);border-radius:12px;"
    "padding:20px 22px;margin-top:18px}"
    ".banner{display:flex;gap:22px;align-items:center;border-left:8px solid var(--tone);"
    "background:var(--tone-bg)}"
    ".banner .word{font-size:30px;font-weight:750;color:var(--tone);text-transform:uppercase;"
    "letter-spacing:.04em}"
    ".banner .sub{color:var(--soft);margin-top:2px}"
    ".pass{--tone:var(--pass);--tone-bg:var(--pass-bg)}"
    ".fail{--tone:var(--fail);--tone-bg:var(--fail-bg)}"
    ".inconclusive{--tone:var(--dim);--tone-bg:var(--dim-bg)}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px;"
    "margin-top:18px}"
    ".card{background:var(--card);border:1px solid var(--line);border-radius:12px;"
    "padding:14px 16px}"
    ".card b{display:block;font-size:23px;font-weight:650;line-height:1.25}"
    ".card span{color:var(--soft);font-size:13px}"
    "table{border-collapse:collapse;width:100%;font-size:14px}"
    "th{text-align:left;color:var(--soft);font-weight:550;font-size:12.5px;"
    "border-bottom:1px solid var(--line);padding:6px 10px 6px 0;white-space:nowrap}"
    "td{padding:7px 10px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}"
    "tr:last-child td{border-bottom:0}td.n,th.n{text-align:right;padding-right:22px}"
    "td.id{font-weight:600;white-space:nowrap;font-size:13px}td small{color:var(--soft)}"
    "td .obs{color:var(--soft)}"
    ".pill{display:inline-block;border-radius:99px;padding:1px 10px;font-size:12.5px;"
    "font-weight:600;color:var(--tone);background:var(--tone-bg);white-space:nowrap}"
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
    "details summary{cursor:pointer;color:var(--soft);font-size:14px;margin-top:8px}"
    ".scroll{overflow-x:auto}.note{color:var(--soft);font-size:13px;margin-top:26px}"
    "code{font:13px ui-monospace,'SF Mono',Menlo,Consolas,monospace}"
    "@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc}"
    "body{font-size:12px}main{max-width:none;padding:0}section{break-inside:avoid;"
    "border-radius:0;padding:12px 14px}section.long{break-inside:auto}tr{break-inside:avoid}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}details{display:block}}";
