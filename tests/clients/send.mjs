// Sends COUNT track events called NAME with the unmodified Segment client for Node and prints their message ids.
import { Analytics } from "@segment/analytics-node";

const [, , host, writeKey, name, count] = process.argv;
const client = new Analytics({ writeKey, host, flushAt: 15, flushInterval: 200, maxRetries: 20 });
const ids = [];
client.on("error", (error) => console.error("client error", error.code, error.reason?.message ?? ""));
client.identify({ userId: "node-1", traits: { name: "Node One" } });
client.group({ userId: "node-1", groupId: "acc-node", traits: { name: "Node Ltd" } });
for (let i = 0; i < Number(count); i += 1) {
  const messageId = `${name}-${i}`;
  ids.push(messageId);
  client.track({ userId: "node-1", event: name, messageId, properties: { i, 名: "值" }, context: { groupId: "acc-node" } });
}
await client.closeAndFlush({ timeout: 60000 });
console.log(JSON.stringify(ids));
