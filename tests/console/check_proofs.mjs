// Runs the console's own checks outside a browser: cases as JSON on stdin, verdicts on stdout.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { verifyLater, verifyReceipt, verifyRecord } = await import(pathToFileURL(process.argv[2]));
const verdicts = [];
for (const one of JSON.parse(readFileSync(0, "utf8"))) {
  const bytes = Uint8Array.from(Buffer.from(one.base64 ?? "", "base64"));
  const told = one.answer
    ? await verifyLater(one.before, one.answer, one.key)
    : await (one.kind === "receipt" ? verifyReceipt : verifyRecord)(bytes, one.key);
  verdicts.push(told);
}
console.log(JSON.stringify(verdicts));
