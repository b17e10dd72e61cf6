import { expect, test } from "vitest";
import { documentSchemas } from "./json-schemas.ts";

test.each(Object.entries(documentSchemas()))("schemas/%s is what the code checks", async (file, schema) => {
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(`../../schemas/${file}`);
});
