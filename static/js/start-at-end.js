// Not a module: it runs while the page is still being read, so that nobody sees the log jump.
document.querySelector(".log").scrollTop = Number.MAX_SAFE_INTEGER;
