"use strict";
(() => {
  const PING_MS = 200;
  const { origin, host, trace, limit, commands } = document.body.dataset;
  const button = document.getElementById("open");
  const status = document.getElementById("status");
  const steps = ["opened", "answered", "handed"].map((id) => document.getElementById(id));
  let attempt = null;

  const say = (text, kind = "") => {
    if (status.textContent !== text) status.textContent = text;
    status.className = kind;
  };
  const mark = (...kinds) => steps.forEach((step, place) => (step.className = kinds[place] || ""));

  const end = (text, kind, label, ...marks) => {
    clearInterval(attempt.timer);
    attempt = null;
    mark(...marks);
    say(text, kind);
    button.disabled = false;
    button.textContent = label;
  };

  const handOver = () => {
    const { view, buffer } = attempt;
    const size = buffer.byteLength;
    try {
      view.postMessage({ perfetto: { buffer, title: trace, fileName: trace } }, origin, [buffer]);
    } catch (error) {
      end(`The browser could not hand the trace over (${error.message}).`, "bad", "Try again", "done", "done", "failed");
      return;
    }
    const count = size.toLocaleString("en");
    end(`Handed over: ${count} bytes. The other window has the trace now.`, "good", `Open it again in ${host}`, "done", "done", "done");
  };

  const waiting = () => {
    const seconds = Math.floor((performance.now() - attempt.began) / 1000);
    if (attempt.answered) {
      mark("done", "done", "now");
      say(`${host} is ready. Reading the trace …`);
    } else if (seconds < Number(limit)) {
      mark("done", "now");
      say(`Waiting for ${host} to answer …${seconds ? ` ${seconds} s` : ""}`);
    } else {
      mark("done", "failed");
      say(
        `${host} could not be reached: no answer for ${seconds} s. This page goes on asking while the ` +
          "window is open; without the network, use the command below.",
        "bad",
      );
    }
  };

  const ask = () => {
    if (attempt.view.closed) {
      end("The new window was closed before it got the trace.", "warn", "Try again", "failed");
      return;
    }
    waiting();
    if (!attempt.answered) attempt.view.postMessage("PING", origin);
  };

  const read = async (mine) => {
    try {
      const answer = await fetch(trace);
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      mine.buffer = await answer.arrayBuffer();
    } catch (error) {
      if (attempt !== mine) return;
      const why = "The trace could not be read from this machine";
      end(`${why} (${error.message}); is the command in the terminal still running?`, "bad", "Try again", "done", attempt.answered ? "done" : "", "failed");
      return;
    }
    if (attempt === mine && mine.answered) handOver();
  };

  button.addEventListener("click", () => {
    const view = window.open(`${origin}/${commands && `#!/?${commands}`}`, "_blank");
    if (!view) {
      mark("failed");
      say("The browser blocked the new window. Allow pop-ups for this page, then press the button again.", "warn");
      return;
    }
    button.disabled = true;
    attempt = { view, began: performance.now(), answered: false, buffer: null };
    attempt.timer = setInterval(ask, PING_MS);
    waiting();
    read(attempt);
  });

  addEventListener("message", (event) => {
    if (!attempt || attempt.answered || event.data !== "PONG") return;
    if (event.source !== attempt.view || event.origin !== origin) return;
    attempt.answered = true;
    if (attempt.buffer) handOver();
    else waiting();
  });
})();
