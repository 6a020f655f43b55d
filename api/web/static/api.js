// What every part of the page needs: the API, asked with the user's key, and text shown as text.
const KEY = "mailroom-key";

export const el = (id) => document.getElementById(id);
export const key = {
  get: () => sessionStorage.getItem(KEY),
  keep: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

export function make(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined && text !== null) node.textContent = text;
  if (className) node.className = className;
  return node;
}

export function button(text, action, name, className) {
  const node = make("button", text, className);
  node.type = "button";
  node.dataset.action = text;
  if (name) node.setAttribute("aria-label", `${text} ${name}`);
  node.addEventListener("click", action);
  return node;
}

async function ask(path, options = {}) {
  const used = key.get();
  const headers = { Authorization: `Bearer ${used}`, ...options.headers };
  const response = await fetch(path, { ...options, headers });
  if (response.ok) return response;
  // An answer to a key that has been changed meanwhile says nothing of the new one.
  if (response.status === 401 && used === key.get()) document.dispatchEvent(new CustomEvent("key-refused"));
  const type = response.headers.get("content-type") || "";
  const problem = type.includes("json") ? await response.json() : null;
  throw new Error(problem ? `${problem.detail} ${problem.hint}` : `The service answered ${response.status}.`);
}

export async function call(path, options) {
  const response = await ask(path, options);
  const type = response.headers.get("content-type") || "";
  return type.includes("json") ? response.json() : null;
}

export function post(path, body) {
  return call(path, {
    method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
  });
}

// The browser's EventSource cannot send the key, so the stream is read by hand.
export async function* events(path, signal) {
  const response = await ask(path, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (text + value).split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const data = part.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
      if (data.length) yield JSON.parse(data.join("\n"));
    }
  }
}

// Nodes are kept by id and only what changed is filled anew: no button vanishes under the finger.
export function reconcile(parent, items, tag, fill) {
  const before = new Map([...parent.children].map((node) => [node.dataset.id, node]));
  items.forEach((item, place) => {
    const node = before.get(item.id) || make(tag);
    const looks = JSON.stringify(item);
    if (node.dataset.looks !== looks) {
      const held = node.contains(document.activeElement) ? document.activeElement.dataset.action : null;
      node.dataset.id = item.id;
      node.dataset.looks = looks;
      node.replaceChildren(...fill(item));
      if (held) node.querySelector(`[data-action="${held}"]`)?.focus();
    }
    if (parent.children[place] !== node) parent.insertBefore(node, parent.children[place] || null);
    before.delete(item.id);
  });
  for (const node of before.values()) node.remove();
}
