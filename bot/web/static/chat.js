// The chat page's script: sends without reloading, keeps the conversation over a reload. Without it the forms still work.
(function () {
  "use strict";

  const STORE = "xinluon";
  const KEPT = 50;
  const PATIENCE = 30000;
  const LINK = /https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}]/g; // the same as in bot/web/assets.py
  const words = document.body.dataset;
  const groupLabels = JSON.parse(words.groups);
  const voteTexts = JSON.parse(words.votes);
  const byId = (id) => document.getElementById(id);
  const log = byId("log");
  const status = byId("status");
  const box = byId("text");

  let entries = []; // {id, text} of the person, {id, reply} of ours
  let session = null;
  let queue = Promise.resolve();

  // --- What is shown -------------------------------------------------------------------------------------------

  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const name of Object.keys(attributes)) node.setAttribute(name, attributes[name]);
    node.append(...children);
    return node;
  }

  function link(url, ...children) {
    return make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...children);
  }

  function linkified(text) {
    const parts = [];
    let end = 0;
    for (let match; (match = LINK.exec(text)); end = LINK.lastIndex) {
      parts.push(text.slice(end, match.index), link(match[0], match[0]));
    }
    return parts.concat(text.slice(end));
  }

  // Neighbours of the same sort together, as line_groups and choice_groups do on the server.
  function grouped(things, sort) {
    const groups = [];
    for (const thing of things) {
      const last = groups[groups.length - 1];
      if (last && sort(last[0]) === sort(thing)) last.push(thing);
      else groups.push([thing]);
    }
    return groups;
  }

  function showLines(lines) {
    const text = lines[0].text;
    const style = lines[0].style;
    if (style === "item") return make("ul", {}, ...lines.map((line) => make("li", {}, ...linkified(line.text))));
    if (style === "title") return make("h2", {}, ...linkified(text));
    const note = style === "warning" ? [make("span", { class: "quiet" }, words.note)] : [];
    return make("p", { class: style }, ...note, ...linkified(text));
  }

  function showChoice(choice) {
    if (choice.kind === "link") {
      return link(choice.url, choice.label, make("span", { class: "quiet" }, words.newTab));
    }
    const control = { name: "payload", value: choice.payload, "data-number": choice.number };
    if (choice.kind === "tick") {
      const tick = make("input", Object.assign({ type: "checkbox" }, control));
      tick.checked = tick.defaultChecked = Boolean(choice.ticked);
      return make("label", {}, tick, make("span", {}, choice.label));
    }
    if (choice.kind === "vote") control["aria-pressed"] = String(Boolean(choice.ticked));
    const number = choice.kind === "option" ? [make("span", { class: "number" }, String(choice.number))] : [];
    const said = voteTexts[choice.label] ? choice.label + " " + voteTexts[choice.label] : choice.label;
    return make("button", Object.assign({ type: "button" }, control), ...number, make("span", {}, said));
  }

  function showChoices(choices) {
    const kind = choices[0].kind;
    const attributes = { class: "choices " + kind, role: "group", "aria-label": groupLabels[kind] };
    return make("div", attributes, ...choices.map(showChoice));
  }

  function show(entry) {
    const attributes = { "data-id": entry.id, tabindex: "-1" };
    if (!entry.reply) {
      Object.assign(attributes, { class: "message mine", "aria-label": words.mine });
      return make("article", attributes, make("p", { class: "text" }, entry.text));
    }
    Object.assign(attributes, { class: "message reply", "aria-label": words.reply });
    const lines = grouped(entry.reply.lines, (line) => (line.style === "item" ? line.style : line));
    const choices = grouped(entry.reply.choices, (choice) => choice.kind);
    return make("article", attributes, ...lines.map(showLines), ...choices.map(showChoices));
  }

  const shown = (id) => Array.from(log.children).find((message) => message.dataset.id === id);
  const controls = (message) => Array.from(message.querySelectorAll("[name=payload]"));

  // --- What is kept --------------------------------------------------------------------------------------------

  function save() {
    entries = entries.slice(-KEPT);
    try {
      // sessionStorage, not localStorage: many people share a computer with others.
      sessionStorage.setItem(STORE, JSON.stringify({ session, entries }));
    } catch (error) {
      // Storage is full or forbidden: the conversation is then not restored.
    }
  }

  function restore() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(STORE));
      if (!kept) return;
      const messages = kept.entries.map(show);
      const exchange = log.querySelector("[data-exchange]"); // sent as a form before this script was there
      messages.forEach((message) => {
        const old = shown(message.dataset.id);
        if (old) old.replaceWith(message);
        else log.insertBefore(message, exchange);
      });
      session = kept.session;
      entries = kept.entries;
      if (log.lastElementChild) log.lastElementChild.scrollIntoView();
    } catch (error) {
      forget();
    }
  }

  function forget() {
    try {
      sessionStorage.removeItem(STORE);
    } catch (error) {
      // Nothing was kept then.
    }
  }

  function add(entry) {
    entries.push(entry);
    save();
    return log.appendChild(show(entry));
  }

  const heir = (old, fresh) => fresh && (fresh.matches("input") || fresh.value === old.value) && fresh;

  // A new version in place of the old: a screen reader hears only what differs, and the focus stays where it was.
  function replace(old, entry) {
    const at = entries.findIndex((other) => other.id === entry.id);
    if (at < 0) entries.unshift(entry); // the greeting, which came with the page
    else entries[at] = entry;
    save();
    const active = document.activeElement;
    const focus = controls(old).indexOf(active);
    const before = old.textContent;
    const message = show(entry);
    log.setAttribute("aria-live", "off");
    old.replaceWith(message);
    setTimeout(() => log.setAttribute("aria-live", "polite"), 100);
    if (focus >= 0) (heir(active, controls(message)[focus]) || message).focus({ preventScroll: true });
    return entry.reply.lines.map((line) => line.text).filter((text) => !before.includes(text)).join(" ");
  }

  // --- What is sent --------------------------------------------------------------------------------------------

  function newKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  async function post(message) {
    const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(message) };
    const stop = window.AbortController && new AbortController();
    const timer = stop && setTimeout(() => stop.abort(), PATIENCE);
    if (stop) request.signal = stop.signal;
    try {
      const response = await fetch("/api/chat", request);
      const answer = await response.json();
      return response.ok ? answer : { error: answer.error.message };
    } catch (error) {
      return { error: words.offline };
    } finally {
      clearTimeout(timer);
    }
  }

  function offerRetry(text, again) {
    const button = make("button", { type: "button" }, words.retry);
    status.textContent = text;
    status.append(make("span", { class: "choices" }, button));
    button.addEventListener("click", again);
    status.scrollIntoView({ block: "nearest" });
  }

  // Ask the service; the same message again has the same key, so it is never applied twice.
  async function ask(message, onAnswer) {
    if (session) message.session = session;
    status.textContent = words.waiting;
    const answer = await post(message);
    if (answer.error) {
      offerRetry(answer.error, () => {
        queue = queue.then(() => ask(message, onAnswer));
      });
      return;
    }
    session = answer.session;
    status.textContent = answer.replies.length ? "" : words.nothing;
    onAnswer(answer.replies);
  }

  function sendText(text) {
    const mine = add({ id: newKey(), text });
    mine.scrollIntoView();
    queue = queue.then(() =>
      ask({ text, key: newKey() }, (replies) => replies.forEach((reply) => add({ id: newKey(), reply })))
    );
  }

  // By id and place, not by node: an answer that comes before this one's turn may have replaced the message.
  function choose(control) {
    const id = control.closest(".message").dataset.id;
    const place = controls(shown(id)).indexOf(control);
    control.setAttribute("aria-busy", "true");
    queue = queue.then(() => {
      const current = shown(id) && controls(shown(id))[place];
      if (!current) return;
      const { value: payload } = current;
      return ask({ payload, key: newKey() }, (replies) => showChosen(id, place, replies)).then(() => {
        current.removeAttribute("aria-busy");
        current.checked = current.defaultChecked; // when the answer didn't come; else another stands in its place
      });
    });
  }

  function showChosen(id, place, replies) {
    const control = controls(shown(id))[place];
    if (control.hasAttribute("aria-pressed")) press(id, control);
    const isFocused = document.activeElement === control;
    const inPlace = replies.length && replies[0].replaces;
    const top = control.getBoundingClientRect().top;
    if (inPlace) byId("change").textContent = replace(shown(id), { id, reply: replies[0] });
    else if (isSaid(control)) add({ id: newKey(), text: control.lastElementChild.textContent });
    const fresh = replies.slice(inPlace ? 1 : 0).map((reply) => add({ id: newKey(), reply }));
    if (fresh.length) arrive(fresh[0], isFocused);
    else if (inPlace && isSame(control, shown(id), place)) holdStill(controls(shown(id))[place], top);
    else if (inPlace) arrive(shown(id), false);
  }

  const isSaid = (control) => control.matches("button:not([aria-pressed])");

  function isSame(control, message, place) {
    return control.matches("input") && Boolean(controls(message)[place]);
  }

  // The text above a list grows and shrinks with what is ticked; the box under the finger stays where it was.
  function holdStill(control, top) {
    const drift = control.getBoundingClientRect().top - top;
    if (drift) window.scrollBy({ top: drift, behavior: "instant" });
  }

  function arrive(message, takeFocus) {
    const mine = message.previousElementSibling;
    (mine && mine.matches(".mine") ? mine : message).scrollIntoView();
    if (takeFocus) message.focus({ preventScroll: true });
  }

  function press(id, control) {
    for (const other of control.parentElement.children) other.setAttribute("aria-pressed", String(other === control));
    const entry = entries.find((other) => other.id === id);
    if (!entry) return;
    for (const choice of entry.reply.choices) {
      if (choice.kind === "vote") choice.ticked = choice.payload === control.value;
    }
    save();
  }

  // A number picks what the person sees, which after a reload need not be what the service said last.
  function numbered(text) {
    const replies = log.querySelectorAll(".reply");
    if (!/^\d{1,2}$/.test(text) || !replies.length) return null;
    return replies[replies.length - 1].querySelector('[data-number="' + Number(text) + '"]');
  }

  function send() {
    const text = box.value.trim();
    box.value = "";
    fit();
    if (!text) return;
    const picked = numbered(text);
    if (picked && picked.matches("button")) choose(picked);
    else sendText(text);
  }

  function fit() {
    box.style.height = "auto";
    box.style.height = Math.min(box.scrollHeight + 4, 144) + "px";
  }

  // --- What the person does ------------------------------------------------------------------------------------

  log.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=payload]");
    if (!button) return;
    event.preventDefault();
    if (!button.hasAttribute("aria-busy")) choose(button);
  });
  log.addEventListener("change", (event) => choose(event.target));
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  byId("menu").addEventListener("click", (event) => {
    event.preventDefault();
    sendText(event.target.value);
  });
  byId("anew").addEventListener("submit", forget);
  box.addEventListener("input", fit);
  box.addEventListener("keydown", (event) => {
    // While a Vietnamese keyboard is composing a word, Enter belongs to it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  });

  // In the widget's frame: Escape and "Đóng" close it, and its button hands over the focus.
  if (window.parent !== window) {
    const close = () => window.parent.postMessage({ xinluon: "close" }, "*");
    const button = byId("close");
    if (button) {
      button.hidden = false;
      button.addEventListener("click", close);
    }
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
    });
    window.addEventListener("message", (event) => {
      if (event.source === window.parent && event.data && event.data.xinluon === "focus") box.focus();
    });
  }

  restore();
})();
