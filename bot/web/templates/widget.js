// Puts "Hỏi đáp" of {{ office.name | tojson }} on the page by one tag: <script src="https://HOST/widget.js" defer></script>
(function () {
  "use strict";
  const script = document.currentScript;
  if (!script || document.querySelector("[data-xinluon]")) return;
  const home = new URL(script.src).origin;
  const title = {{ ("Hỏi đáp thủ tục" ~ (" – " ~ office.name if office.name else "")) | tojson }};
  const label = "Hỏi đáp";
  const narrow = window.matchMedia("(max-width: 480px)");
  let panel = null;
  let frame = null;

  // Only style properties set by script: a page with a strict CSP allows them, and `all` keeps its own rules out.
  function styled(node, properties) {
    for (const name of Object.keys(properties)) node.style.setProperty(name, properties[name]);
    return node;
  }

  function make(tag, attributes, properties) {
    const node = document.createElement(tag);
    for (const name of Object.keys(attributes)) node.setAttribute(name, attributes[name]);
    return styled(node, Object.assign({ all: "initial", "box-sizing": "border-box" }, properties));
  }

  const button = make(
    "button",
    { type: "button", lang: "vi", "data-xinluon": "", "aria-haspopup": "dialog", "aria-expanded": "false" },
    {
      position: "fixed", right: "16px", bottom: "16px", "z-index": "9999", width: "76px", height: "76px",
      "border-radius": "50%", border: "3px solid #f2b632", background: "#0f4c46", color: "#fff", cursor: "pointer",
      font: "600 16px/1.2 system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif", "text-align": "center",
      "box-shadow": "0 4px 14px rgba(0, 0, 0, .3)",
    }
  );
  button.textContent = label;

  function place() {
    if (!panel) return;
    const gap = narrow.matches ? "0px" : "16px";
    styled(panel, {
      right: gap,
      bottom: narrow.matches ? "0px" : "108px",
      width: narrow.matches ? "100%" : "400px",
      height: narrow.matches ? "100%" : "680px",
      "max-height": narrow.matches ? "100%" : "calc(100vh - 124px)",
      "border-radius": narrow.matches ? "0" : "12px",
    });
    // On a phone the panel covers everything and has its own way to close.
    button.style.setProperty("visibility", narrow.matches && isOpen() ? "hidden" : "visible");
  }

  function build() {
    panel = make(
      "div",
      { role: "dialog", "aria-label": title, lang: "vi", id: "xinluon-panel" },
      {
        display: "block", position: "fixed", "z-index": "9999", overflow: "hidden", background: "#f8f5ef",
        "box-shadow": "0 8px 30px rgba(0, 0, 0, .35)",
      }
    );
    frame = make("iframe", { title }, { display: "block", width: "100%", height: "100%", border: "0" });
    frame.addEventListener("load", focusFrame);
    frame.src = home + "/?nhung=1";
    panel.append(frame);
    button.before(panel);
    button.setAttribute("aria-controls", panel.id);
  }

  function focusFrame() {
    if (!isOpen()) return;
    frame.focus();
    frame.contentWindow.postMessage({ xinluon: "focus" }, home);
  }

  const isOpen = () => button.getAttribute("aria-expanded") === "true";

  function open() {
    const isFirst = !panel;
    button.setAttribute("aria-expanded", "true");
    if (isFirst) build();
    panel.style.setProperty("display", "block");
    place();
    if (!isFirst) focusFrame();
  }

  function close() {
    button.setAttribute("aria-expanded", "false");
    panel.style.setProperty("display", "none");
    place();
    button.focus();
  }

  button.addEventListener("click", () => (isOpen() ? close() : open()));
  button.addEventListener("focus", () => {
    if (button.matches(":focus-visible")) styled(button, { outline: "4px solid #f2b632", "outline-offset": "3px" });
  });
  button.addEventListener("blur", () => button.style.setProperty("outline", "none"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen()) close();
  });
  window.addEventListener("message", (event) => {
    const isOurs = frame && event.source === frame.contentWindow && event.origin === home;
    if (isOurs && event.data && event.data.xinluon === "close" && isOpen()) close();
  });
  narrow.addListener(place);

  if (document.body) document.body.append(button);
  else document.addEventListener("DOMContentLoaded", () => document.body.append(button));
})();
