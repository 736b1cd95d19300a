// The live parts of the pages. Without it every page works: it shows the moment at which it was loaded.
"use strict";

(function () {
  const box = document.querySelector("[data-live]");
  if (!box) return;
  const at = (name) => box.querySelector("[data-live-" + name + "]");
  let wasRunning = box.dataset.running === "yes";
  let known = null;

  // Everything that came from outside is set as text, never as markup.
  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function activeLine(each) {
    const line = element("li");
    const bar = element("progress");
    bar.max = 100;
    bar.value = each.done;
    bar.setAttribute("aria-label", each.label);
    line.append(element("span", each.stage, "stage"), bar, element("span", each.label));
    return line;
  }

  function lastLine(each) {
    const line = element("li");
    line.append(element("span", each.word, "ending " + each.ending.replace(/[^a-z_]/g, "")), " " + each.label);
    return line;
  }

  function setText(place, text) {
    if (place.textContent !== text) place.textContent = text;
  }

  function show(news) {
    setText(at("state"), news.running ? news.what + " is at work" : news.held || "nothing runs");
    setText(at("count"), news.total ? news.ended + " of " + news.total + " tracks ended" : news.told);
    at("active").replaceChildren(...news.active.map(activeLine));
    at("last").replaceChildren(...news.last.map(lastLine));
    box.dataset.running = news.running ? "yes" : "no";
    const seen = news.running + " " + news.ended + " " + news.started_at;
    if (known !== null && (seen !== known || wasRunning !== news.running)) refreshSoon();
    known = seen;
    wasRunning = news.running;
  }

  // What stands around the live part changes with it: those pieces are taken from the page as it is now.
  let due = null;
  function refreshSoon() {
    if (due === null) due = setTimeout(refresh, 400);
  }

  async function refresh() {
    due = null;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const old of document.querySelectorAll("[data-refresh]")) {
        const young = fresh.getElementById(old.id);
        if (young && young.innerHTML !== old.innerHTML && !old.contains(document.activeElement)) old.replaceWith(young);
      }
    } catch {
      return; // the stream comes back by itself, and the next news with it
    }
  }

  const stream = new EventSource("/live");
  stream.addEventListener("message", (message) => show(JSON.parse(message.data)));
  window.addEventListener("pagehide", () => stream.close());
  if (document.querySelector("[data-until-ended]")) {
    const looking = setInterval(() => {
      if (document.querySelector("[data-until-ended]")) refresh();
      else clearInterval(looking);
    }, 1000);
  }
})();
