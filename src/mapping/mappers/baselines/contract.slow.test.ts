/** The contract of every mapper, kept by the baselines. */
import { describeMapper } from "../testing/describe-mapper.ts";
import { baselineMapper, baselineNames } from "./baselines.ts";

for (const name of baselineNames)
  describeMapper(() => baselineMapper(name), { startsUnfused: false, leastAnswers: 8, evaluations: 200 });
