/** Styles of a recorded request. */
export const waitStyles = `
[part=helper],[part=place]{font-weight:600}
[part=lines]{list-style:none;margin:0 0 12px;padding:0}
[part=lines]:empty{display:none}
[part=lines] li{margin:0 0 6px;padding:8px 12px;border:1px solid #7776;border-radius:10px;white-space:pre-wrap}
[part=lines] b{display:block;font:inherit;font-weight:600}
[part=other]{margin-block-end:12px}
[part=cancel],[part=other],[part=picture]{background:0;color:CanvasText;border-color:#777;margin-block-start:8px;margin-inline-end:8px}
`;
