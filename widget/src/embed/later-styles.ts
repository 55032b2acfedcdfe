/** Styles of the parts that come after the form. */
export const later = `
[part=team]{display:flex;gap:10px;align-items:center;margin-inline-end:40px;font-size:14px}
[part=logo]{max-width:50%;height:28px}
[part=check]{display:flex;gap:12px;font-weight:400}
[part=check] input{width:24px;flex:none;margin:0}
.bad{color:light-dark(#a8231b,#ffa399)}
[aria-invalid=true]{border:2px solid light-dark(#a8231b,#ffa399)}
[aria-disabled=true]{cursor:progress}
[part=problem]{margin-block-start:-8px}
[part=result]{outline:0}
[part=page]{background:0;color:CanvasText;border-color:#777}
h3{font-size:18px;margin:0 0 12px}
a{color:inherit}
[part=panel]{overflow-wrap:anywhere;overscroll-behavior:contain}
textarea{resize:vertical}
a[part]{display:inline-block;margin-block-end:12px;padding:12px 22px;border-radius:10px;background:var(--handbell-colour,var(--hb,#0b5c68));color:#fff;font-weight:600;text-decoration:none}
b{font-family:monospace;font-size:18px}
`;
