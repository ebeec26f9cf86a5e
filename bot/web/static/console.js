// Chỉ làm tiện thêm: trang nào cũng dùng được khi không có tệp này.
"use strict";

// Trên điện thoại menu cuộn ngang: trang đang mở luôn nhìn thấy.
const here = document.querySelector(".menu [aria-current]");
if (here) here.scrollIntoView({ block: "nearest", inline: "center" });

// Tiến độ của việc dài: nghe máy chủ kể, xong thì mở lại trang.
for (const box of document.querySelectorAll("[data-watch]")) {
  const bar = box.querySelector("progress");
  const text = box.querySelector("[data-text]");
  const source = new EventSource(box.dataset.watch);
  const show = (event) => {
    const step = JSON.parse(event.data);
    bar.max = step.most || 1;
    bar.value = step.value;
    text.textContent = step.text;
  };
  source.addEventListener("step", show);
  source.addEventListener("done", (event) => {
    show(event);
    source.close();
    window.location.assign(box.dataset.page);
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) box.classList.add("stopped");
  });
  window.addEventListener("pagehide", () => source.close());
}

// Bấm hai lần thì chỉ gửi một lần. Quay lại trang thì nút dùng được như cũ.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
  for (const button of event.target.querySelectorAll("button")) button.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-busy");
  }
});

// Biểu mẫu bị trả lại: đến chỗ sai đầu tiên.
const wrong = document.querySelector("[aria-invalid='true']");
if (wrong) wrong.focus();
