// holdfast completion bash|zsh|fish: print a script that calls the hidden `holdfast __complete` (../complete.ts).
import { linesIn } from "../../report/terminal.ts";
import { EXIT } from "../../values/error-codes.ts";
import { type Call, command } from "../command.ts";
import { type CommonFlags, commonFlags } from "../flags.ts";

const SCRIPTS = {
	bash: `# holdfast completion for bash: source <(holdfast completion bash)
_holdfast() {
	local IFS=$' \\t' line=\${COMP_LINE:0:COMP_POINT} word
	local -a words
	# COMP_WORDS is split at colons too, which the id of an archive contains.
	read -ra words <<< "$line"
	[[ $line == *[[:blank:]] ]] && words+=("")
	word=\${words[-1]}
	IFS=$'\\n'
	COMPREPLY=($(holdfast __complete "\${words[@]:1}" 2>/dev/null | cut -f1))
	[[ $word == *:* && $COMP_WORDBREAKS == *:* ]] &&
		COMPREPLY=("\${COMPREPLY[@]#"\${word%"\${word##*:}"}"}")
}
complete -o default -F _holdfast holdfast
`,
	zsh: `#compdef holdfast
# holdfast completion for zsh: source <(holdfast completion zsh)
_holdfast() {
	local -a proposed
	local line
	for line in "\${(@f)$(holdfast __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
		[[ -n $line ]] && proposed+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
	done
	if (( \${#proposed} )); then _describe holdfast proposed; else _files; fi
}
compdef _holdfast holdfast
`,
	fish: `# holdfast completion for fish: holdfast completion fish | source
complete -c holdfast -f -a '(holdfast __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
complete -c holdfast -F -n 'test (count (holdfast __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)) -eq 0'
`,
} as const;

export const completion = command({
	docs: {
		brief: "print the completion script for a shell",
		fullDescription: [
			"Examples:",
			"  source <(holdfast completion bash)      in ~/.bashrc",
			"  source <(holdfast completion zsh)       in ~/.zshrc, after compinit",
			"  holdfast completion fish | source       in ~/.config/fish/config.fish",
		].join("\n"),
	},
	outputs: async () => (await import("../outputs/machines.ts")).SCRIPT,
	parameters: {
		flags: commonFlags,
		positional: {
			kind: "tuple",
			parameters: [
				{
					brief: "bash, zsh or fish",
					placeholder: "SHELL",
					proposeCompletions: () => Object.keys(SCRIPTS),
					parse: (value: string) => {
						if (value in SCRIPTS) return value as keyof typeof SCRIPTS;
						throw new Error(`completion is available for bash, zsh and fish, but not for ${value}`);
					},
				},
			],
		},
	},
	async run({ out }: Call, _flags: CommonFlags, shell: keyof typeof SCRIPTS) {
		const script = SCRIPTS[shell];
		await out.result({ kind: "answer", value: { shell, script }, text: linesIn(script) });
		return EXIT.done;
	},
});
