// The block in the editor. The page itself is drawn by handbell.php.
((wp) => {
  const { createElement: el, Fragment } = wp.element;
  const { InspectorControls, useBlockProps } = wp.blockEditor;
  const { PanelBody, TextControl, ToggleControl } = wp.components;
  const { __ } = wp.i18n;

  const edit = ({ attributes, setAttributes }) => {
    const text = attributes.text || __("Get support", "handbell");
    const line = (name, label, help) =>
      el(TextControl, { label, help, value: attributes[name], onChange: (value) => setAttributes({ [name]: value }) });
    return el(
      Fragment,
      null,
      el(
        InspectorControls,
        null,
        el(
          PanelBody,
          { title: __("Handbell", "handbell") },
          line("text", __("Text", "handbell"), __("Empty: the one of the settings.", "handbell")),
          line("department", __("Department", "handbell"), __("The id of one that the site offers, or nothing.", "handbell")),
          el(ToggleControl, {
            label: __("Show the form in the page", "handbell"),
            checked: attributes.form,
            onChange: (form) => setAttributes({ form }),
          }),
        ),
      ),
      el(
        "div",
        useBlockProps(),
        attributes.form
          ? el("p", null, __("Here visitors see Handbell’s form.", "handbell"))
          : el("a", { href: "#", onClick: (event) => event.preventDefault() }, text),
      ),
    );
  };

  wp.blocks.registerBlockType("handbell/support", { edit, save: () => null });
})(window.wp);
