#!/usr/bin/env bash
# Runs one fuzz target from its kept corpus, and keeps what it learned: fuzz/run.sh TARGET [SECONDS]
#
# The corpus is fuzz/corpus/TARGET.tar.gz, unpacked beside it. Afterwards it is made small (only inputs that reach something of their own)
# and packed again. Exit status: the fuzzer's; 0 when nothing was found.
set -u
cd "$(dirname "$0")"
target=$1 seconds=${2:-600}
case $target in
    crl) most=1200 ;;
    bank_statement) most=2600 ;;
    table_csv) most=600 ;;
    sign_on) most=200 ;;
    config_file) most=9000 ;;
    dialect_file | table_xlsx | key_block) most=4000 ;;
    *) most=4200 ;;
esac
features=()
[ "$target" = config_file ] && features=(--features config)
mkdir -p "corpus/$target" "artifacts/$target"
[ -e "corpus/$target.tar.gz" ] && tar xzf "corpus/$target.tar.gz" -C corpus
# The sanitizer costs half of the speed and looks for what safe Rust does not have.
command=(cargo fuzz run --fuzz-dir . --sanitizer none "${features[@]}" "$target" "corpus/$target" --)
"${command[@]}" -max_total_time="$seconds" -max_len="$most" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1
status=$?
rm -rf "corpus/$target.small" && mkdir "corpus/$target.small"
cargo fuzz run --fuzz-dir . --sanitizer none "${features[@]}" "$target" "corpus/$target.small" "corpus/$target" -- -merge=1 -max_len="$most" &&
    rm -rf "corpus/$target" && mv "corpus/$target.small" "corpus/$target" &&
    tar czf "corpus/$target.tar.gz" --sort=name --mtime=@0 --owner=0 --group=0 -C corpus "$target"
exit $status
