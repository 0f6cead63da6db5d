const light = `--paper:#fbfaf7;--card:#fff;--ink:#1d2327;--soft:#566069;--rule:#dfddd5;--faint:#f1efe9;--link:#1f5f8b;
--good:#1b6e4b;--good-bg:#e2f1e8;--bad:#a3321f;--bad-bg:#fae7e2;--warn:#6d5200;--warn-bg:#fbf1d3;--heat:#2f6f9f;--miss:#b8552f;
--s0:#24638f;--s1:#b4562a;--s2:#3d7a4e;--s3:#7a4f93;--s4:#8a6d12;--s5:#a83a5d;--s6:#2c7a7b;--s7:#5d6167;`;
const dark = `--paper:#14181b;--card:#1b2125;--ink:#e4e6e3;--soft:#a3adb3;--rule:#323a3f;--faint:#22292e;--link:#8fc3e8;
--good:#86d0a7;--good-bg:#17352a;--bad:#f1a08d;--bad-bg:#43221b;--warn:#ecd28a;--warn-bg:#3a3115;--heat:#337bb3;--miss:#a3552d;
--s0:#7ab8e3;--s1:#e39a6c;--s2:#88c497;--s3:#c49ddb;--s4:#d9bd62;--s5:#e98ba8;--s6:#75c9c7;--s7:#b3b8bd;`;

const colours = Array.from(
  { length: 8 },
  (_, i) =>
    `.line.c${i},.whisker.c${i}{stroke:var(--s${i})}.point.c${i}{fill:var(--s${i})}.dot.b${i}{border-color:var(--s${i})}`,
).join('');

/** The page's only style sheet: no fonts, pictures or rules from anywhere else. */
export const styles = `
:root{color-scheme:light dark;${light}}
@media (prefers-color-scheme:dark){:root{${dark}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
header,main,footer{max-width:66rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.5rem}
h1{font-size:clamp(1.6rem,4.5vw,2.3rem);line-height:1.15;letter-spacing:-.015em;margin:.2rem 0 .6rem;text-wrap:balance}
h2{font-size:1.3rem;letter-spacing:-.01em;margin:0 0 1rem}
h3{font-size:1rem;margin:1.4rem 0 .6rem}
h4{font-size:.9rem;margin:.9rem 0 .4rem;color:var(--soft);font-weight:600}
p{margin:.5rem 0;max-width:44rem}
a{color:var(--link)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.86em}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:1rem}
.eyebrow{color:var(--soft);font-size:.85rem;margin:0}
.summary{font-size:1.05rem;max-width:46rem}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;border-top:1px solid var(--rule);border-bottom:1px solid var(--rule);padding:.6rem 0;margin:1.4rem 0 0;font-size:.9rem}
nav a{text-decoration:none;padding:.15rem 0}nav a:hover{text-decoration:underline}
section{padding:2.2rem 0 1.6rem;border-bottom:1px solid var(--rule)}section:last-child{border-bottom:0}
footer{color:var(--soft);font-size:.85rem;padding-bottom:2.5rem}
.banner{background:var(--warn-bg);color:var(--warn);border-left:4px solid currentColor;padding:.6rem .9rem;border-radius:3px;max-width:none}
.banner.strong{background:var(--bad-bg);color:var(--bad)}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.25rem 1.2rem;margin:.8rem 0;font-size:.93rem}
.facts dt{color:var(--soft)}.facts dd{margin:0;overflow-wrap:anywhere}
.digest{color:var(--soft);overflow-wrap:anywhere}
.badge{display:inline-block;font-size:.78rem;line-height:1.5;padding:0 .5em;border-radius:999px;background:var(--faint);color:var(--ink);white-space:nowrap}
.badge.good{background:var(--good-bg);color:var(--good)}.badge.bad{background:var(--bad-bg);color:var(--bad)}
.badge.muted{background:transparent;color:var(--soft);box-shadow:inset 0 0 0 1px var(--rule)}
.variant,.uses,.note{color:var(--soft);font-weight:400}.variant{font-size:.9em}
.headlines{display:grid;gap:1.5rem 2.5rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr));margin-bottom:1.6rem}
.headline h3{margin:0 0 .3rem;overflow-wrap:anywhere}.key{color:var(--soft);font-size:.87rem}
.headline ul{list-style:none;margin:0;padding:0}
.headline li{display:grid;grid-template-columns:minmax(4.5rem,7rem) 1fr minmax(5.5rem,max-content);gap:.8rem;align-items:center;padding:.22rem 0}
.who{overflow-wrap:anywhere;font-size:.93rem}
.value{text-align:right;font-variant-numeric:tabular-nums;font-weight:600;white-space:nowrap}
.track{position:relative;height:1.1rem;margin:0 .4rem}
.track::before{content:"";position:absolute;left:-.4rem;right:-.4rem;top:50%;border-top:1px solid var(--rule)}
.dot{position:absolute;top:50%;width:.8rem;height:.8rem;margin:-.4rem 0 0 -.4rem;border-radius:50%;border:.28rem solid;background:var(--paper)}
.tick-mark{position:absolute;top:1px;bottom:1px;border-left:.16rem solid var(--soft)}.headline .published{color:var(--soft)}.headline .published .value{font-weight:400}.headline .key{margin:.2rem 0 0}
.band{position:absolute;top:1px;bottom:1px;background:var(--rule);border-radius:3px;opacity:.75}
.scale .track{height:1rem;display:flex;justify-content:space-between;margin:0}.scale .track::before{display:none}
.scale b{font-weight:400;font-size:.75rem;color:var(--soft)}.headline .scale{padding:0}
.scroll{overflow-x:auto;margin:1rem 0;background:linear-gradient(90deg,var(--paper) 1rem,transparent 2rem) local,linear-gradient(270deg,var(--paper) 1rem,transparent 2rem) local,
linear-gradient(90deg,var(--rule),transparent .7rem),linear-gradient(270deg,var(--rule),transparent .7rem)}
.scroll:focus-visible,pre:focus-visible,a:focus-visible,summary:focus-visible{outline:2px solid var(--link);outline-offset:2px}
table{border-collapse:collapse;font-size:.9rem;width:100%}
caption{text-align:left;color:var(--soft);font-size:.85rem;padding-bottom:.4rem}
th,td{padding:.42rem .9rem .42rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
th:last-child,td:last-child{padding-right:0}thead tr:nth-child(2) th:last-child{padding-right:.9rem}
thead th{color:var(--soft);font-weight:500;font-size:.82rem;white-space:nowrap;vertical-align:bottom}
tbody th{font-weight:500;min-width:8.5rem}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}thead th.number{text-align:right}
.source{color:var(--soft);font-size:.84rem;min-width:9rem}.prose{min-width:14rem}
.incomparable{color:var(--soft);font-style:italic}.incomparable .badge{font-style:normal}
.incomparable td,.incomparable th{background:repeating-linear-gradient(135deg,transparent 0 6px,var(--faint) 6px 7px)}
.published th,.published td{background:var(--faint)}.keys{min-width:11rem}.banner ul{margin:.3rem 0;padding-left:1.2rem}
.stages{list-style:none;counter-reset:stage;margin:0;padding:0}
.stages>li{counter-increment:stage;position:relative;padding:0 0 1rem 2.4rem}
.stages>li::before{content:counter(stage);position:absolute;left:0;top:.05rem;width:1.5rem;height:1.5rem;line-height:1.5rem;border-radius:50%;background:var(--faint);text-align:center;font-size:.8rem;color:var(--soft)}
.stages>li:not(:last-child)::after{content:"";position:absolute;left:.75rem;top:1.75rem;bottom:.2rem;border-left:1px solid var(--rule)}
.settings{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;margin:.2rem 0 0;padding:0;font-size:.87rem}
.settings span,.settings .more{color:var(--soft)}
.charts{display:grid;gap:1.4rem 2rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr))}
figure{margin:0}figcaption{font-size:.87rem}
.chart figcaption{font-weight:600;margin-bottom:.3rem}
.chart svg{display:block;width:100%;max-width:36rem;height:auto}
.grid{stroke:var(--rule);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}
.tick,.label{fill:var(--soft);font-size:12.5px}.tick{font-variant-numeric:tabular-nums}
.line{stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.whisker{stroke-width:1.4}.target{fill:transparent}.mark:hover .target{fill:var(--ink);fill-opacity:.14}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1rem;margin:.3rem 0 0;padding:0;font-size:.85rem}
.chart .swatch{display:inline-block;width:24px;height:8px;margin-right:.4rem;vertical-align:middle}
${colours}.line.ref,.whisker.ref{stroke:var(--soft);stroke-width:1.5}.point.ref{fill:var(--soft)}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(6.2rem,1fr));gap:.9rem .8rem}
.pictures .wide{grid-column:span 2}.pictures .widest{grid-column:span 3}
@media (max-width:24rem){.pictures .widest{grid-column:span 2}}
.pictures img{display:block;width:100%;height:auto;image-rendering:pixelated;border-radius:3px;background:var(--faint)}
.pictures figcaption{font-size:.8rem;line-height:1.35;margin-top:.3rem;overflow-wrap:anywhere}
.besides{display:grid;gap:1.2rem 2rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr))}
.beside p{margin:0 0 .4rem;font-size:.87rem}.beside .pictures{grid-template-columns:repeat(auto-fill,minmax(5.4rem,1fr))}
.besides:has(.wide,.widest){grid-template-columns:1fr}.beside .pictures.wide{grid-template-columns:repeat(auto-fill,minmax(min(100%,11rem),1fr))}
.beside .pictures.widest{grid-template-columns:repeat(auto-fill,minmax(min(100%,18rem),1fr))}
.verdict{display:block}.verdict.right{color:var(--good)}.verdict.wrong{color:var(--bad)}.fact{display:block;color:var(--soft)}
thead th[scope=colgroup]{text-align:center;padding-right:0}tr.group th{padding-top:.9rem;color:var(--soft);font-weight:600;font-size:.84rem}
.whole th,.whole td{padding:.3rem .7rem .3rem 0}.whole .own{padding-right:1.1rem}.whole b{font-weight:650}.whole tbody th{min-width:12rem;max-width:17rem}
.whole .note{font-size:.85em}.stuck{position:sticky;left:0;background:var(--paper)}.remarks{margin:.3rem 0;padding-left:1.2rem;max-width:44rem}
.remark{color:var(--warn);text-decoration:none}ul.banner{list-style:none}
.samples{display:grid;gap:1.6rem 1.4rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,18rem),1fr))}
.sample img{display:block;width:100%;height:auto;border-radius:3px;margin-bottom:.4rem}
.boxed{position:relative;margin-bottom:.4rem}.boxed img{margin:0}.boxed svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible}
.halo{fill:none;stroke:#fff;stroke-opacity:.75;stroke-width:4;vector-effect:non-scaling-stroke}.box{fill:none;stroke-width:2;vector-effect:non-scaling-stroke}
.box.true{stroke:#0b8f4d}.box.false{stroke:#d4351c}.box.missed{stroke:#7a3fb5;stroke-dasharray:5 3}.box.difficult{stroke:#5f6b73;stroke-dasharray:1.5 2.5}
.boxed text{fill:#fff;stroke:#000;stroke-width:.22em;paint-order:stroke;stroke-linejoin:round;font-weight:600}.swatch .ink{stroke:var(--soft)}
.triples{display:grid;gap:1.4rem}.thirds{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:.5rem}.thirds img{display:block;width:100%;height:auto;border-radius:3px}
.legend + .triples,.legend + .samples{margin-top:.7rem}.thirds span,.triple figcaption{font-size:.8rem}.legend .swatch{display:inline-block;width:24px;height:8px;margin-right:.4rem;vertical-align:middle}
.small-sheets .sheets{grid-template-columns:repeat(auto-fill,minmax(min(46%,8.5rem),1fr))}.small-sheets figcaption{font-size:.8rem;line-height:1.35}
.small-sheets .pixels{display:flex;flex-direction:column;justify-content:space-between}
.sheets{display:grid;gap:1.4rem 1rem;grid-template-columns:repeat(auto-fill,minmax(min(46%,14rem),1fr))}
.sheet img{display:block;max-width:100%;height:auto;border-radius:3px}.sheet{margin:.8rem 0}
.pixels img{image-rendering:pixelated;max-width:100%;height:auto;margin-top:.4rem;border-radius:3px}
.confusion{width:auto;font-size:.8rem;font-variant-numeric:tabular-nums}
.confusion td,.confusion th{padding:.3rem .4rem;border-bottom:0;text-align:center;vertical-align:middle}
.confusion tbody th{min-width:0;text-align:right;font-weight:400;white-space:nowrap;position:sticky;left:0;background:var(--paper)}
.confusion thead th{vertical-align:bottom;font-size:.8rem}
.confusion thead th span{writing-mode:vertical-rl;transform:rotate(180deg);white-space:nowrap}
.confusion tbody td{min-width:2.6rem;border:1px solid var(--paper);background:color-mix(in srgb,var(--tint) var(--shade),var(--faint))}
.confusion .hit{--tint:var(--heat)}.confusion .miss{--tint:var(--miss)}.confusion .zero{color:var(--soft)}
.confusion tbody td.recall{background:none;padding-left:.8rem}
div + details,h3 + details{margin-top:1rem}details{border-top:1px solid var(--rule);padding:.5rem 0}details:last-of-type{border-bottom:1px solid var(--rule)}
summary{cursor:pointer}pre{overflow-x:auto;background:var(--faint);padding:.8rem;border-radius:3px;margin:.6rem 0}
@media (max-width:32rem){.whole tbody th{min-width:8rem;max-width:9rem}body{font-size:15px}header,main,footer{padding-left:1rem;padding-right:1rem}header{padding-top:1.5rem}
.headline li{grid-template-columns:5rem 1fr max-content;gap:.5rem}.facts:not(.head){grid-template-columns:1fr;gap:0}.facts:not(.head) dd{margin-bottom:.5rem}.tick,.label{font-size:15px}}
@media (max-width:40rem){.runs,.runs tbody,.runs tr,.runs th,.runs td{display:block}.runs thead{display:none}
.runs tr{border-bottom:1px solid var(--rule);padding:.5rem 0}.runs tbody :is(th,td){border:0;padding:0 0 .1rem;text-align:left}}
@media print{:root{${light}--paper:#fff}body{font-size:10.5pt}nav,.skip{display:none}section{break-inside:auto;padding:1rem 0}
figure,tr,.headline{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}pre{white-space:pre-wrap}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
`;
