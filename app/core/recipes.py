"""How a page gets the widget, by what the page is made with: code that is ready to paste.

All of them set the same attributes as `embed.snippet`. The frameworks load the script once, from a component; links may
then come and go, as the widget hears presses on the document. Where a script cannot stand in the page's content, in
SharePoint and tag managers, the form is opened by a floating button.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape

from app.core.embed import BUTTON, INLINE, LINK, Embed, Script, plain_link, script_attributes, snippet
from app.core.examples import quoted

_TARGET = "handbell-form"


def _js(text: str) -> str:
    """A string literal for JavaScript, also inside of an HTML script element."""
    return quoted(text).replace("<", "\\u003c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a recipe is made from. `title` is the link's text where none is chosen."""

    embed: Embed
    base_url: str
    slug: str
    script: Script
    title: str

    @property
    def text(self) -> str:
        """The link's text."""
        return self.embed.text or self.title

    @property
    def link(self) -> str:
        """The address of the hosted page."""
        return plain_link(self.embed, self.base_url, self.slug)


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way. `id` is fit for an address, `name` is what people call it, `file` is where the code goes, or empty."""

    id: str
    name: str
    file: str
    make: Callable[[Page], str]


def in_html(page: Page) -> str:
    """The elements for a page's HTML."""
    return snippet(page.embed, page.base_url, page.slug, page.script, title=page.title)


def _make_script(page: Page, indent: str) -> str:
    """Statements that make `script` and append it; an inline form goes where the component is."""
    attributes = script_attributes(page.embed, page.base_url, page.slug, page.script)
    lines = ['const script = document.createElement("script");', "script.async = true;"]
    for name, value in attributes:
        if name.startswith("data-"):
            lines.append(f"script.dataset.{name.removeprefix('data-')} = {_js(value)};")
        else:
            lines.append(f"script.{ {'crossorigin': 'crossOrigin'}.get(name, name) } = {_js(value)};")
    if page.embed.place == INLINE:
        lines.append(f'script.dataset.target = "#{_TARGET}";')
    lines.append("document.head.append(script);")
    return "\n".join(indent + line for line in lines)


def _load(page: Page) -> str:
    """A function that loads the script, and answers what ends it again where the form is part of the component."""
    if page.embed.place != INLINE:
        return f"""function load() {{
  if (document.querySelector({_js(f'script[src="{page.base_url}{page.script.path}"]')})) return;
{_make_script(page, "  ")}
}}"""
    return f"""function load() {{
{_make_script(page, "  ")}
  return () => {{
    const end = () => window.Handbell?.destroy?.();
    script.onload = end;
    script.remove();
    end();
  }};
}}"""


def _react(page: Page) -> str:
    shown = {
        LINK: f'<a href="{escape(page.link)}" data-handbell="">{{{_js(page.text)}}}</a>',
        BUTTON: "null",
        INLINE: f'<div id="{_TARGET}" />',
    }[page.embed.place]
    return f"""import {{ useEffect }} from "react";

{_load(page)}

export function GetSupport() {{
  useEffect(load, []);
  return {shown};
}}"""


def _vue(page: Page) -> str:
    imports = "onMounted, onUnmounted" if page.embed.place == INLINE else "onMounted"
    begin = "let end;\nonMounted(() => { end = load(); });\nonUnmounted(() => end());"
    text = f"\nconst text = {_js(page.text)};" if page.embed.place == LINK else ""
    shown = {
        LINK: f'<a href="{escape(page.link)}" data-handbell>{{{{ text }}}}</a>',
        BUTTON: "<!-- The button stands outside of the app. -->",
        INLINE: f'<div id="{_TARGET}"></div>',
    }[page.embed.place]
    return f"""<script setup>
import {{ {imports} }} from "vue";

{_load(page)}
{begin if page.embed.place == INLINE else "onMounted(load);"}{text}
</script>

<template>
  {shown}
</template>"""


def _angular(page: Page) -> str:
    inline = page.embed.place == INLINE
    text = f"\n  text = {_js(page.text)};" if page.embed.place == LINK else ""
    shown = {
        LINK: f'<a href="{escape(page.link)}" data-handbell>{{{{ text }}}}</a>',
        BUTTON: "",
        INLINE: f'<div id="{_TARGET}"></div>',
    }[page.embed.place]
    hooks = "AfterViewInit, Component, OnDestroy" if inline else "AfterViewInit, Component"
    interfaces = "AfterViewInit, OnDestroy" if inline else "AfterViewInit"
    body = (
        "  private end?: () => void;\n\n  ngAfterViewInit() {\n    this.end = load();\n  }\n\n"
        "  ngOnDestroy() {\n    this.end?.();\n  }"
        if inline
        else "  ngAfterViewInit() {\n    load();\n  }"
    )
    window = "declare global {\n  interface Window {\n    Handbell?: any;\n  }\n}\n\n" if inline else ""
    return f"""import {{ {hooks} }} from "@angular/core";

{window}{_load(page)}

@Component({{
  selector: "app-get-support",
  standalone: true,
  template: `{shown}`,
}})
export class GetSupport implements {interfaces} {{{text}
{body}
}}"""


def _wordpress(page: Page) -> str:
    if page.embed.place == BUTTON:
        lines = [("Address of Handbell", page.base_url), ("Site", page.slug), ("Text of the button or link", page.text)]
        return "\n".join(f"{name}: {value}" for name, value in lines) + "\nOn every page: yes"
    chosen = [("text", page.embed.text), ("department", page.embed.department)]
    chosen += [("form", "yes" if page.embed.place == INLINE else "")]
    written = "".join(f' {name}="{_in_brackets(value)}"' for name, value in chosen if value)
    return f"[handbell{written}]"


def _in_brackets(value: str) -> str:
    return escape(value).replace("[", "&#91;").replace("]", "&#93;")


def _sharepoint(page: Page) -> str:
    page = replace(page, embed=replace(page.embed, place=BUTTON))
    return f"""import {{ BaseApplicationCustomizer }} from "@microsoft/sp-application-base";

export default class GetSupport extends BaseApplicationCustomizer<{{}}> {{
  public onInit(): Promise<void> {{
{_make_script(page, "    ")}
    return Promise.resolve();
  }}
}}"""


def _tag_manager(page: Page) -> str:
    if page.embed.place == INLINE:
        page = replace(page, embed=replace(page.embed, place=BUTTON))
    return f"""<script>
  (function () {{
{_make_script(page, "    ").replace("const script", "var script")}
  }})();
</script>"""


RECIPES = (
    Recipe("html", "HTML", "", in_html),
    Recipe("react", "React", "GetSupport.jsx", _react),
    Recipe("vue", "Vue", "GetSupport.vue", _vue),
    Recipe("angular", "Angular", "get-support.ts", _angular),
    Recipe("wordpress", "WordPress", "", _wordpress),
    Recipe("sharepoint", "SharePoint", "GetSupport.ts", _sharepoint),
    Recipe("tag-manager", "Google Tag Manager", "", _tag_manager),
)
