/** Beside the style sheet of reports: what only pages to play with have. */
export const exploreStyles = `
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
[hidden]{display:none!important}
main,header,footer{max-width:78rem}
canvas{display:block;width:100%;height:auto;image-rendering:pixelated;border-radius:3px;background:var(--faint)}
button,input[type=file]::file-selector-button{font:inherit;min-height:2.75rem;padding:.3rem .9rem;border:1px solid var(--rule);border-radius:4px;background:var(--card);color:var(--ink);cursor:pointer}
button:hover,input[type=file]::file-selector-button:hover{border-color:var(--soft)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
input[type=range]{width:100%;max-width:26rem;min-height:2.75rem;accent-color:var(--link)}
input[type=file]{max-width:100%;color:inherit;font:inherit}
fieldset{border:0;margin:0;padding:0;min-width:0}legend{font-size:.9rem;color:var(--soft);padding:0;margin-bottom:.5rem}
.thumbnails{display:grid;grid-template-columns:repeat(auto-fill,minmax(2.9rem,1fr));gap:.4rem;position:relative;max-width:60rem}
.thumbnail{position:relative;cursor:pointer}.thumbnail input{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:pointer}
.thumbnail:has(:checked) canvas{outline:3px solid var(--s1);outline-offset:1px}
.thumbnail:has(:focus-visible) canvas{outline:3px solid var(--link);outline-offset:3px}
.beside{display:flex;flex-wrap:wrap;gap:.6rem;align-items:center;margin:1rem 0 .5rem}
.turning{display:grid;grid-template-columns:minmax(7rem,12rem) minmax(0,1fr);gap:1.4rem;align-items:center;margin:1.2rem 0}
.turning p{margin:.2rem 0}.turning output,.sliders b{font-weight:600;font-variant-numeric:tabular-nums}
.networks{display:grid;gap:1.6rem 2.4rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr))}
.networks h3{margin:0 0 .3rem;font-size:1.1rem}.networks .note{margin:.1rem 0 .6rem;font-size:.9rem}
.bars{width:100%;border-collapse:collapse;margin:0 0 1rem}.bars th,.bars td{padding:.22rem 0;border:0;vertical-align:middle}
.bars th{width:1%;white-space:nowrap;padding-right:.8rem;text-align:right;font-weight:400}.bars .number{width:4.6rem;font-variant-numeric:tabular-nums}
.bar span{display:block;block-size:1.1rem;min-inline-size:2px;border-radius:2px;background:var(--s0)}
.maps{display:grid;gap:.7rem;grid-template-columns:repeat(auto-fill,minmax(5.2rem,1fr))}
.maps figcaption{color:var(--soft);font-size:.8rem;margin-top:.2rem}
.maps.large{grid-template-columns:repeat(auto-fit,minmax(min(46%,10rem),1fr));max-width:56rem}
.puzzles{display:flex;flex-wrap:wrap;gap:.6rem 2.4rem;align-items:flex-start}.puzzle{display:grid;align-items:start;grid-template-columns:repeat(3,minmax(0,5rem));gap:.3rem}
.tile{padding:0;min-height:0;border-width:2px}.tile[aria-pressed=true]{border-color:var(--s1)}.puzzle figcaption{font-size:.8rem;line-height:1.3}
.filters{display:grid;gap:.6rem;grid-template-columns:repeat(auto-fill,minmax(3.6rem,1fr))}.filters canvas{margin-bottom:.15rem}
.stage{position:relative;touch-action:none;cursor:grab}.stage svg{position:absolute;inset:0;width:100%;height:100%;pointer-events:none}
.stage polygon{fill:none;stroke-width:.45;stroke:var(--s0)}.stage .truth{stroke:var(--s1);stroke-dasharray:1.2 .8}
.sliders{display:grid;align-items:end;gap:0 1.6rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr))}.sliders p{margin:.2rem 0}
.choice{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:.7rem 0}.choice legend{float:left;min-width:4.5rem;line-height:2rem;margin:0 1rem 0 0}.choice label{min-height:2rem;display:inline-flex;align-items:center;gap:.35rem}.choice input{inline-size:1.1rem;block-size:1.1rem;margin:0;accent-color:var(--link)}
select{font:inherit;min-height:2.75rem;max-width:100%;background:var(--card);color:var(--ink);border:1px solid var(--rule);border-radius:4px;padding:0 .6rem}
.thumbnail canvas{pointer-events:none}
#status[role=alert]{background:var(--bad-bg);color:var(--bad);padding:.6rem .9rem;border-left:4px solid currentColor;border-radius:3px}
@media (prefers-reduced-motion:no-preference){.bar span{transition:inline-size .12s ease-out}}
@media (min-width:120rem){html{font-size:20px}body{font-size:1.05rem}}
@media (min-width:200rem){html{font-size:28px}}
@media (max-width:32rem){.turning{grid-template-columns:minmax(0,1fr)}.turning .picture{max-width:12rem}}
`;
