// What makes pages more comfortable. Every page works without it.
(() => {
  "use strict";
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

  each("[data-reveal]", (button) => {
    const input = document.getElementById(button.dataset.reveal);
    const show = button.textContent;
    button.hidden = false;
    button.addEventListener("click", () => {
      const hidden = input.type === "password";
      input.type = hidden ? "text" : "password";
      button.textContent = hidden ? button.dataset.hide : show;
      button.setAttribute("aria-pressed", String(hidden));
    });
  });

  each("form", (form) => {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
      each("[data-busy]", (place) => { place.textContent = place.dataset.busy; place.hidden = false; });
      each("form button[type=submit]", (button) => button.setAttribute("aria-disabled", "true"));
    });
  });
  addEventListener("pageshow", () => each("form", (form) => {
    delete form.dataset.sent;
    each("form button[type=submit]", (button) => button.removeAttribute("aria-disabled"));
    each("[data-busy]", (place) => { place.textContent = ""; });
  }));

  each("[data-focus]", (place) => place.focus());

  each("[data-filter]", (input) => {
    const list = document.getElementById(input.dataset.filter);
    const none = document.getElementById(input.dataset.none);
    const plain = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
    const filter = () => {
      const words = plain(input.value).split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const item of list.children) {
        const text = plain(item.dataset.text || item.textContent);
        item.hidden = !words.every((word) => text.includes(word));
        shown += item.hidden ? 0 : 1;
      }
      none.hidden = shown > 0;
    };
    input.addEventListener("input", filter);
    // Where the whole list is on the page, all of it comes back without asking for it.
    each(`[data-clear="${input.id}"]`, (link) => link.addEventListener("click", (event) => {
      if (input.defaultValue) return;
      event.preventDefault();
      input.value = "";
      filter();
      input.focus();
    }));
  });

  // A login that was begun in a frame came back to this window: the frame goes on with it.
  each("[data-busbar-tells]", () => {
    if (!window.opener) return;
    addEventListener("message", (event) => {
      if (event.origin === location.origin && event.source === window.opener && event.data?.busbar === "taken") close();
    });
    window.opener.postMessage({ busbar: "login", answer: location.search.slice(1) }, location.origin);
  });
})();
