// A "Show" button in every password field; without script the field is an ordinary one.
for (const input of document.querySelectorAll("[data-reveal]")) {
  const button = document.createElement("button");
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    button.textContent = shown ? "Hide" : "Show";
    button.setAttribute("aria-label", shown ? "Hide password" : "Show password");
  };
  button.type = "button";
  button.className = "reveal";
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => show(input.type === "password"));
  // Hidden again before it is sent, so that no browser keeps it as ordinary text.
  input.form.addEventListener("submit", () => show(false));
  show(false);
  input.after(button);
}

// Times in the reader's zone, written as the server writes them; without script they are UTC.
const zone = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
const tellTimes = () => {
  for (const time of document.querySelectorAll("time[datetime]")) time.textContent = zone.format(new Date(time.dateTime));
};
tellTimes();
document.addEventListener("times", tellTimes);
