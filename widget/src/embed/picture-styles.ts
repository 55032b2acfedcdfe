/** Styles of pictures that are added to a recorded request. */
export const pictureStyles = `
[part=pictures]{margin-block:12px;border-radius:10px}
[part=pictures] label{font-weight:400}
[part=pictures].over{outline:3px dashed #777;outline-offset:4px}
[part=pictures] ul{list-style:none;margin:0;padding:0}
[part=pictures] li{display:flex;flex-wrap:wrap;gap:8px 12px;align-items:center;padding:8px 0}
[part=pictures] li p{flex:1 1 120px;margin:0}
[part=pictures] li canvas{max-width:120px;max-height:80px;border:1px solid #777;border-radius:6px}
[part=pictures] button,[part=board] button{background:0;color:CanvasText;border-color:#777;min-height:44px;padding:6px 16px;margin-block-end:8px;margin-inline-end:8px}
[part=board]{max-width:min(1100px,96vw);background:light-dark(#fff,#192027);color:light-dark(#1b2530,#e9edf0)}
[part=board] canvas{display:block;margin:12px auto;max-width:100%;max-height:60vh;touch-action:none;border:1px solid #777;cursor:crosshair}
[part=board] [aria-pressed=true]{background:#7774;border-color:CanvasText}
`;
