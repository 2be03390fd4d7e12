// Speaks with the page around a frame: only with one that this page names, and that said hello. And with a window of this server in which somebody has logged in elsewhere.
(() => {
  "use strict";
  const allowed = (document.body.dataset.frames || "").split(" ").filter(Boolean);
  let around = "";
  const tell = (message) => { if (around) parent.postMessage(message, around); };

  addEventListener("message", (event) => {
    if (event.source !== parent || !allowed.includes(event.origin) || event.data?.busbar !== "hello") return;
    around = event.origin;
    const last = document.querySelector("[data-busbar-end]");
    if (last) tell({ busbar: last.dataset.busbarEnd, code: last.dataset.code, state: last.dataset.state });
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape") tell({ busbar: "closed" }); });

  const waits = document.querySelector("[data-busbar-waits]");
  if (!waits) return;
  waits.querySelector("a[target]").addEventListener("click", () => { waits.querySelector("[role=status]").textContent = waits.dataset.busbarWaits; });
  addEventListener("message", (event) => {
    if (event.origin !== location.origin || event.source === window || event.data?.busbar !== "login") return;
    event.source.postMessage({ busbar: "taken" }, location.origin);
    location.replace("/link/oauth/callback?" + new URLSearchParams(String(event.data.answer)));
  });
})();
