// The work on documents: what waits, runs and is dead, live; stopping it and having it done again.
import { button, call, el, events, make, post, reconcile } from "./api.js";

// A browser opens six connections to one host: some are left for everything else.
const FOLLOWED = 3;
const SHOWN = 50;
const KINDS = { process_document: "Read and sort", embed_document: "Make findable by meaning" };
const UNITS = { reading: "pages", embedding: "passages" };
const STAGES = { reading: "being read", classifying: "being sorted", embedding: "being made findable by meaning" };

const following = new Map();
let unfinished = new Map();
let refresh = () => {};

export function whenMoved(callback) { refresh = callback; }

// The unfinished job of a document, if there is one.
export function jobOf(documentId) { return unfinished.get(documentId); }

export async function showWork() {
  const queues = (await call("/v1/queues")).items;
  const count = (state) => queues.reduce((sum, queue) => sum + queue[state], 0);
  const list = async (state, wanted) => (wanted ? (await call(`/v1/jobs?state=${state}&limit=${SHOWN}`)).items : []);
  const [running, queued, dead, cancelled] = await Promise.all([
    list("running", count("running")), list("queued", count("queued")), list("dead", count("dead")),
    list("cancelled", true),
  ]);
  const open = [...running, ...queued];
  unfinished = new Map(open.filter((job) => job.document_id).map((job) => [job.document_id, job]));
  showCounts(queues, count);
  showOpen(open, count("queued") + count("running"));
  showEnded("dead", dead, count("dead"));
  showEnded("cancelled", cancelled, cancelled.length);
  open.forEach(paint);
  follow(running);
  return open.length > 0;
}

export function stopFollowing() {
  for (const stream of following.values()) stream.abort();
  following.clear();
}

// --- counts ----------------------------------------------------------------------------------
function showCounts(queues, count) {
  for (const state of ["queued", "running", "dead"]) {
    el(`count-${state}`).textContent = count(state);
    el(`where-${state}`).textContent = queues
      .filter((queue) => queue[state]).map((queue) => `${queue.queue} ${queue[state]}`).join(", ");
  }
  const since = queues.map((queue) => queue.waiting_since).filter(Boolean).sort()[0];
  el("longest").textContent = since ? `The longest waits since ${moment(since)}.` : "";
  el("replay-all").hidden = count("dead") < 2;
  el("count-dead").classList.toggle("dead", count("dead") > 0);
}

function moment(text) {
  const date = new Date(text);
  const today = date.toDateString() === new Date().toDateString();
  return today ? date.toLocaleTimeString() : date.toLocaleString();
}

// --- unfinished ------------------------------------------------------------------------------
function showOpen(jobs, total) {
  reconcile(el("open"), jobs.map(({ id, filename, kind }) => ({ id, filename, kind })), "li", (job) => [
    ...headed(job), meter(jobs.find((one) => one.id === job.id)),
    choices(button("Cancel", () => cancel(job), job.filename, "plain")),
  ]);
  rest(el("open-more"), jobs.length, total);
}

// A bar and words that `paint` keeps up to date wherever they stand on the page.
export function meter(job) {
  const node = make("div", null, "meter");
  node.dataset.job = job.id;
  fillMeter(node, job);
  return node;
}

function paint(job) {
  for (const node of document.querySelectorAll(`[data-job="${job.id}"]`)) fillMeter(node, job);
}

function fillMeter(node, job) {
  if (!node.firstChild) node.append(make("progress"), make("small"));
  const [bar, words] = node.children;
  bar.hidden = job.state !== "running";
  bar.setAttribute("aria-label", `How far ${job.filename || "it"} is`);
  if (job.total) { bar.max = job.total; bar.value = job.done; } else bar.removeAttribute("value");
  words.textContent = standing(job);
}

function standing(job) {
  if (job.state === "queued" && job.postponed) return "waits until something is back that is down";
  if (job.state === "queued") return job.error_code && job.attempts ? "waits for another try" : "waiting";
  if (job.state !== "running") return job.state === "succeeded" ? "done" : job.state;
  const far = job.total ? `, ${job.done} of ${job.total} ${UNITS[job.stage] || ""}` : "";
  const stalled = job.stalled ? "; nothing has moved for a while" : "";
  return `${STAGES[job.stage] || "begun"}${far}${stalled}`;
}

function follow(running) {
  const wanted = new Set(running.slice(0, FOLLOWED).map((job) => job.id));
  for (const [id, stream] of following) if (!wanted.has(id)) { stream.abort(); following.delete(id); }
  for (const id of wanted) if (!following.has(id)) watch(id);
}

async function watch(id) {
  const stream = new AbortController();
  following.set(id, stream);
  let last = null;
  try {
    for await (const job of events(`/v1/jobs/${id}/events`, stream.signal)) { paint(job); last = job; }
  } catch { /* The next refresh shows what became of it, and follows again. */ }
  if (following.get(id) === stream) following.delete(id);
  if (last && last.state !== "running" && last.state !== "queued") refresh();
}

// --- dead and cancelled ----------------------------------------------------------------------
function showEnded(state, jobs, total) {
  reconcile(el(state), jobs, "li", (job) => [
    ...headed(job), ...reasons(job), choices(button("Replay", () => replay(job), job.filename)),
  ]);
  el(`${state}-part`).hidden = jobs.length === 0;
  el(`${state}-count`).textContent = `(${jobs.length === SHOWN ? `${SHOWN}+` : total})`;
}

function reasons(job) {
  const ended = make("small", `${where(job)}, ${moment(job.finished_at)}`, "quiet");
  // A cancelled job may still carry the error of an earlier try.
  if (job.state !== "dead") return [ended];
  const why = make("div", job.error_detail || "It failed.", "failed");
  why.append(" ", make("code", job.error_code));
  const next = make("div", job.hint);
  next.prepend(make("strong", "What to do: "));
  return [why, next, ended];
}

function where(job) {
  const stage = job.stage ? `While ${job.stage}` : "Before it began";
  const page = job.page ? `, page ${job.page}` : "";
  const tries = job.attempts === 1 ? "1 try" : `${job.attempts} tries`;
  return `${stage}${page}, after ${tries}`;
}

function headed(job) {
  return [make("strong", job.filename || "No document"), make("span", KINDS[job.kind] || job.kind, "kind")];
}

function choices(...buttons) {
  const node = make("div", null, "choices");
  node.append(...buttons);
  return node;
}

function rest(node, shown, total) {
  node.hidden = total <= shown;
  node.textContent = `and ${total - shown} more`;
}

// --- steering --------------------------------------------------------------------------------
function cancel(job) {
  return steer(`/v1/jobs/${job.id}/cancel`, undefined, () => `Cancelled: ${job.filename || job.kind}.`);
}

function replay(job) {
  return steer(`/v1/jobs/${job.id}/replay`, undefined, () => `Done again: ${job.filename || job.kind}.`);
}

async function steer(path, body, done) {
  try {
    const answer = await post(path, body);
    tell(done(answer));
  } catch (error) { tell(error.message, "failed"); }
  // What was pressed is about to leave its list: a keyboard goes on from the heading.
  el("work-title").focus();
  refresh();
}

function tell(text, className) {
  el("steered").textContent = text;
  el("steered").className = className || "quiet";
}

el("replay-all").addEventListener("click", () => steer("/v1/jobs/replay", {}, (answer) => {
  const left = answer.more ? " There are more: press again." : "";
  return `Done again: ${answer.replayed}.${left}`;
}));
