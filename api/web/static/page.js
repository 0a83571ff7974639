// Times are written in UTC; on hover they say what that is where the reader is. Nothing else needs a script.
for (const element of document.querySelectorAll("time[datetime]")) {
  const at = new Date(element.dateTime);
  if (!Number.isNaN(at.getTime())) element.title = at.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
}
