/** The floating button, and the base of all parts. `!important` in here overrides any of the page's. */
export const base = `
:host{all:initial!important;display:block!important;color-scheme:var(--handbell-scheme,light dark)!important;font:16px/1.5 var(--handbell-font,system-ui,sans-serif)!important}
*{box-sizing:border-box}
button{font:inherit;font-weight:600;min-height:48px;padding:10px 22px;border:2px solid #0000;border-radius:10px;background:var(--handbell-colour,var(--hb,#0b5c68));color:#fff;cursor:pointer}
:focus-visible{outline:3px solid #777;outline-offset:2px}
[part~=launcher]{position:fixed;z-index:2147483647;inset-block-end:20px;inset-inline:auto 20px;box-shadow:0 2px 12px #0006}
[part~=start]{inset-inline:20px auto}
`;

/** The form, in the colours of our pages. */
export const panel = `
[part=panel]{width:min(480px,100%);background:light-dark(#fff,#192027);color:light-dark(#1b2530,#e9edf0)}
dialog{padding:24px;border:0;border-radius:16px}
::backdrop{background:#0009}
h2,p{margin:0 0 12px}
h2{font-size:22px;margin-inline-end:40px}
form>div:first-child{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:0 16px}
.wide{grid-column:1/-1}
label{font-weight:600}
input,select,textarea{width:100%;min-height:44px;margin:4px 0 12px;padding:8px 12px;border:1px solid #777;border-radius:8px;background:0;color:inherit;font:inherit}
textarea{min-height:96px}
#hint{margin:0}
form>button{width:100%}
[part=close]{background:0;color:inherit;position:absolute;inset-block-start:14px;inset-inline-end:14px;padding:0 14px;border:0;font-size:24px}
[hidden],p:empty{display:none!important}
@media(max-width:480px){dialog{min-width:100%;min-height:100dvh;border-radius:0}}
`;
