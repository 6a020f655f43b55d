// The page's script: shows what the API says, as text only, never as markup.
import { button, call, el, key, make, post, reconcile } from "./api.js";
import { jobOf, meter, showWork, stopFollowing, whenMoved } from "./work.js";

const POLL_MS = 1500;
const REASONS = {
  low_confidence: "not sure enough", disagreement: "the engines disagree",
  unfamiliar: "unlike anything seen before", no_text: "no text could be read",
  engine_unavailable: "the model did not answer", invalid_model_output: "the model's answer made no sense",
  policy: "the policy asks for a person", quality_sample: "quality check",
};
const STATES = {
  received: "received", processing: "being worked on", routed: "routed", in_review: "with a person",
  failed: "failed", cancelled: "cancelled",
};

function say(text) { if (el("status").textContent !== text) el("status").textContent = text; }

function enter() {
  el("enter").hidden = true;
  el("room").hidden = false;
  el("forget").hidden = false;
  refresh();
}

function leave(why) {
  key.forget();
  stopFollowing();
  el("enter").hidden = false;
  el("room").hidden = true;
  el("forget").hidden = true;
  say(why);
  el("key").focus();
}

el("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  key.keep(el("key").value.trim());
  el("key").value = "";
  say("");
  enter();
});
el("forget").addEventListener("click", () => leave(""));
document.addEventListener("key-refused", () => leave("This key is not known."));

// --- documents -------------------------------------------------------------------------------
let shown = 50;
let timer;
let asking = false;
let again = false;

async function refresh() {
  clearTimeout(timer);
  if (!key.get()) return;
  // One at a time: an older answer must not overwrite a newer one.
  if (asking) { again = true; return; }
  asking = true;
  let moving = false;
  try {
    moving = await showWork();
    await showDocuments();
    await showReviews();
    say(moving ? "Working…" : "");
  } catch (error) { if (key.get()) say(error.message); }
  asking = false;
  // Look again soon while something moves, now and then otherwise.
  timer = setTimeout(refresh, again ? 0 : moving ? POLL_MS : POLL_MS * 4);
  again = false;
}
whenMoved(refresh);

async function showDocuments() {
  const page = await call(`/v1/documents?limit=${shown}`);
  const items = page.items.map((item) => ({ ...item, job: jobOf(item.id)?.id }));
  reconcile(el("documents"), items, "tr", documentCells);
  el("empty").hidden = page.items.length > 0;
  el("more").hidden = page.next_cursor === null || shown >= 200;
}
el("more").addEventListener("click", () => { shown = 200; refresh(); });

function documentCells(item) {
  const name = make("td", item.title || item.filename);
  if (item.title) name.append(make("small", item.filename));
  const state = make("td", STATES[item.state], item.state);
  if (item.error_detail) state.append(make("small", item.error_detail));
  const job = jobOf(item.id);
  if (job) state.append(meter(job));
  const sure = item.confidence === null ? "" : `${(item.confidence * 100).toFixed(1)} %`;
  return [name, state, make("td", item.label), make("td", sure, "number"), make("td", item.department)];
}

// --- upload ----------------------------------------------------------------------------------
async function upload(files) {
  el("refused").replaceChildren();
  let sent = 0;
  for (const file of files) {
    say(`Sending ${sent + 1} of ${files.length}: ${file.name}`);
    const body = new FormData();
    body.append("file", file);
    try { await call("/v1/documents", { method: "POST", body }); } catch (error) {
      el("refused").append(make("li", `${file.name}: ${error.message}`));
    }
    sent += 1;
  }
  refresh();
}

const drop = el("drop");
el("files").addEventListener("change", (event) => { upload([...event.target.files]); event.target.value = ""; });
for (const kind of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop") upload([...event.dataTransfer.files]);
  });
}

// --- reviews ---------------------------------------------------------------------------------
async function showReviews() {
  const page = await call("/v1/reviews?state=open&limit=20");
  el("waiting").textContent = page.items.length ? `(${page.items.length}${page.next_cursor ? "+" : ""})` : "";
  const known = new Set([...el("reviews").children].map((node) => node.dataset.id));
  const wanted = new Set(page.items.map((item) => item.id));
  // Only what changed is touched, so that a button does not vanish under the finger.
  for (const node of [...el("reviews").children]) if (!wanted.has(node.dataset.id)) node.remove();
  for (const item of page.items) if (!known.has(item.id)) el("reviews").append(await reviewItem(item.id));
  if (!page.items.length) el("reviews").replaceChildren(make("li", "Nothing waits.", "quiet"));
}

async function reviewItem(id) {
  const review = await call(`/v1/reviews/${id}`);
  const node = make("li");
  node.dataset.id = id;
  node.append(make("strong", review.document.title || review.document.filename));
  const guess = review.decision.primary_classification;
  const sure = (review.decision.confidence_score * 100).toFixed(0);
  const why = REASONS[review.reason] || review.reason;
  node.append(make("div", guess ? `Perhaps ${guess} (${sure} %): ${why}.` : `${why}.`, "quiet"));
  const choices = make("div", null, "choices");
  for (const label of review.labels) {
    choices.append(button(label, () => resolve(id, label), null, label === guess ? "" : "plain"));
  }
  node.append(choices);
  return node;
}

async function resolve(id, label) {
  try { await post(`/v1/reviews/${id}/resolve`, { label }); } catch (error) { say(error.message); }
  refresh();
}

// --- ask -------------------------------------------------------------------------------------
el("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  el("answer").replaceChildren(make("p", "Looking…", "quiet"));
  try {
    const answer = await post("/v1/ask", { question: el("question").value });
    el("answer").replaceChildren(...answerNodes(answer));
  } catch (error) { el("answer").replaceChildren(make("p", error.message, "failed")); }
});

function answerNodes(answer) {
  if (answer.refused) {
    return [make("p", "No passage supports an answer. Try other words, or upload the document that would say it.")];
  }
  const nodes = [make("p", answer.answer)];
  for (const citation of answer.citations) {
    const quote = make("blockquote", citation.quote);
    quote.append(make("cite", `[${citation.n}] ${citation.title}, page ${citation.page}`));
    nodes.push(quote);
  }
  return nodes;
}

if (key.get()) enter(); else el("key").focus();
