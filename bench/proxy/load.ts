import { answerMessages, reportReady } from "./child.ts";
import { holdIdle, releaseIdle } from "./load-idle.ts";
import { askPaced } from "./load-paced.ts";
import { askSmall } from "./load-small.ts";
import { askStreams } from "./load-streams.ts";
import { echo } from "./load-sockets.ts";
import type { Job, Target } from "./jobs.ts";

/** Asks one proxy at a time, so hard or so gently as the job says. */
const run = (job: Job, target: Target): Promise<object> => {
  switch (job.kind) {
    case "small":
      return askSmall(job, target);
    case "paced":
      return askPaced(job, target);
    case "streams":
      return askStreams(job, target);
    case "echo":
      return echo(job, target);
    case "hold":
      return holdIdle(job, target);
    case "release":
      return Promise.resolve(releaseIdle());
  }
};
answerMessages((message) => {
  const { job, target } = message as { job: Job; target: Target };
  return run(job, target);
});
reportReady({});
