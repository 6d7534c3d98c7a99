#!/bin/bash
# Installs man pages and completions of a program under both of its names: manual.sh SHARE NAME COMMAND
# MANUAL names the folder that `make man` writes, by default target/man; without it nothing is installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
share=$1 name=$2 command=$3 manual=${MANUAL:-target/man}
[ -d "$manual/man1" ] || exit 0
install -d "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/vendor-completions" "$share/fish/vendor_completions.d"
for page in "$manual/man1/$command".1 "$manual/man1/$command"-*.1; do
    [ -f "$page" ] || continue
    page=${page##*/}
    gzip -9nc "$manual/man1/$page" >"$share/man/man1/$page.gz"
    ln -s "$page.gz" "$share/man/man1/$name${page#"$command"}.gz"
done
# bash loads the file of the name that was typed; zsh reads the names from the first line.
sed "s/^\( *complete -F .* \)$command\$/\1$command $name/" "$manual/completions/$command.bash" >"$share/bash-completion/completions/$command"
ln -s "$command" "$share/bash-completion/completions/$name"
sed "1s/\$/ $name/" "$manual/completions/_$command" >"$share/zsh/vendor-completions/_$command"
install -m 644 "$manual/completions/$command.fish" "$share/fish/vendor_completions.d/$command.fish"
echo "complete -c $name -w $command" >"$share/fish/vendor_completions.d/$name.fish"
