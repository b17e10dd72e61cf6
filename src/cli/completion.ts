/** `laminate completion SHELL`: completes verbs, options, presets, gallery names and mappers. */
import type { Command } from "commander";
import { usageError } from "../base/errors.ts";
import { lossNames } from "../learning/network/loss.ts";
import { scheduleNames } from "../learning/training/settings.ts";
import { teacherNames } from "../learning/trajectories/teach.ts";
import { presetNames } from "../mapping/accelerator/presets/presets.ts";
import { type Cli, examples } from "./cli.ts";
import { galleryNames } from "./load-model.ts";
import { mapperNames } from "./search.ts";

export function addCompletion(program: Command, cli: Cli): void {
  program
    .command("completion <shell>")
    .description("print a completion script for bash, zsh or fish")
    .option("--json", "errors as JSON")
    .addHelpText(
      "after",
      examples("completion bash >> ~/.bashrc", "completion fish > ~/.config/fish/completions/laminate.fish"),
    )
    .action((shell: string) => {
      cli.terminal.print(scriptFor(shell, wordsOf(program)));
    });
}

/** What may follow a verb. */
interface Words {
  readonly verbs: readonly string[];
  readonly options: ReadonlyMap<string, readonly string[]>;
}

function wordsOf(program: Command): Words {
  const visible = new Set(program.createHelp().visibleCommands(program));
  const verbs = program.commands.filter((verb) => visible.has(verb));
  const options = verbs.map((verb) => {
    const own = verb.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long]));
    return [verb.name(), [...own, ...verb.commands.map((inner) => inner.name()), "--help"]] as const;
  });
  return { verbs: verbs.map((verb) => verb.name()), options: new Map(options) };
}

function scriptFor(shell: string, words: Words): string {
  switch (shell) {
    case "bash":
      return bashScript(words);
    case "zsh":
      return `autoload -U +X bashcompinit && bashcompinit\n${bashScript(words)}`;
    case "fish":
      return fishScript(words);
    default:
      throw usageError(`there is no completion for "${shell}"`, {
        where: "SHELL",
        fix: "one of bash, zsh, fish",
      });
  }
}

function bashScript({ verbs, options }: Words): string {
  const cases = [...options].map(([verb, names]) => `    ${verb}) words="${names.join(" ")}" ;;`);
  return `_laminate() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  case "$before" in
    -a|--accelerator) words="${presetNames.join(" ")}" ;;
    --models) words="${galleryNames().join(" ")}" ;;
    --mapper|--mappers) words="${mapperNames().join(" ")}" ;;
    --objective) words="latency energy traffic" ;;
    --teachers) words="${teacherNames.join(" ")}" ;;
    --features) words="paper general" ;;
    --loss) words="${lossNames.join(" ")}" ;;
    --schedule) words="${scheduleNames.join(" ")}" ;;
    laminate) words="${verbs.join(" ")}" ;;
    map|compare|evaluate|inspect|fusion|compile|run) words="${galleryNames().join(" ")}" ;;
  esac
  if [[ -z "$words" || "$word" == -* ]]; then case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _laminate laminate`;
}

function fishScript({ verbs, options }: Words): string {
  const lines = [`complete -c laminate -n __fish_use_subcommand -a "${verbs.join(" ")}"`];
  for (const [verb, names] of options) {
    for (const name of names) {
      const word = name.startsWith("--") ? `-l ${name.slice(2)}` : `-a ${name}`;
      lines.push(`complete -c laminate -n "__fish_seen_subcommand_from ${verb}" ${word}`);
    }
  }
  const seen = '-n "__fish_seen_subcommand_from map compare evaluate"';
  for (const verbs of ["map compare evaluate", "characterise"])
    lines.push(
      `complete -c laminate -n "__fish_seen_subcommand_from ${verbs}" -l accelerator -x -a "${presetNames.join(" ")}"`,
    );
  for (const option of ["mapper", "mappers"])
    lines.push(`complete -c laminate ${seen} -l ${option} -x -a "${mapperNames().join(" ")}"`);
  const dataset = '-n "__fish_seen_subcommand_from dataset"';
  lines.push(`complete -c laminate ${dataset} -l accelerator -x -a "${presetNames.join(" ")}"`);
  lines.push(`complete -c laminate ${dataset} -l models -x -a "${galleryNames().join(" ")}"`);
  const train = '-n "__fish_seen_subcommand_from train"';
  lines.push(`complete -c laminate ${train} -l loss -x -a "${lossNames.join(" ")}"`);
  lines.push(`complete -c laminate ${train} -l schedule -x -a "${scheduleNames.join(" ")}"`);
  lines.push(`complete -c laminate ${dataset} -l teachers -x -a "${teacherNames.join(" ")}"`);
  lines.push(
    `complete -c laminate -n "__fish_seen_subcommand_from map compare evaluate inspect fusion compile run" -a "${galleryNames().join(" ")}"`,
  );
  return lines.join("\n");
}
