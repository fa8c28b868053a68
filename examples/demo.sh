#!/bin/sh
# `make demo`: real data and ten million rows through river files, natively and as WASM.
# Everything it makes is under build/. In a terminal it uses colours; otherwise plain text.
set -eu

cd "$(dirname "$0")/.."
rows=${DEMO_ROWS:-10000000}
rivers=examples/rivers
made=build/demo
python=.venv/bin/python
cc=${CC:-cc}
mkdir -p "$made"

if [ -t 1 ]; then
    bold=$(printf '\033[1m') faint=$(printf '\033[2m') plain=$(printf '\033[0m')
else
    bold='' faint='' plain=''
fi

title() {
    printf '\n%s== %s%s\n\n' "$bold" "$*" "$plain"
}

# Shows a command as one would type it.
shows() {
    printf '%s$ %s%s\n' "$faint" "$*" "$plain"
}

# CSV from standard input as a table, numbers with two decimals.
table() {
    awk -F, '
        { for (i = 1; i <= NF; i++) {
              v = $i
              if (NR > 1 && v ~ /^-?[0-9]+\.[0-9]+([eE]-?[0-9]+)?$/) v = sprintf("%.2f", v)
              cell[NR, i] = v
              if (length(v) > width[i]) width[i] = length(v)
          }
          fields = NF }
        END { for (r = 1; r <= NR; r++) {
                  printf "  "
                  for (i = 1; i <= fields; i++)
                      printf((i == 1 ? "%-*s" : "  %*s"), width[i], cell[r, i])
                  print ""
              } }'
}

# ---- WASM: is what it needs there? ---------------------------------------------------------------

has_wasm() {
    command -v node >/dev/null || return 1
    for version in '' -25 -24 -23 -22 -21 -20 -19 -18 -17 -16 -15; do
        command -v "wasm-ld$version" >/dev/null && return 0
    done
    return 1
}

if has_wasm; then
    wasm=yes
else
    wasm=''
    echo "SKIPPED: everything about WASM, since node or wasm-ld is not installed"
fi

# compute FILE RIVER: runs it on both targets at once; results and times are in build/demo.
compute() {
    if [ -n "$wasm" ]; then
        ./nagare run "$rivers/$1.toml" "$2" --target wasm --stats \
            >"$made/$2.wasm.csv" 2>"$made/$2.wasm.stats" &
        other=$!
        ./nagare run "$rivers/$1.toml" "$2" --stats >"$made/$2.csv" 2>"$made/$2.stats"
        wait $other || { cat "$made/$2.wasm.stats" >&2; exit 1; }
    else
        ./nagare run "$rivers/$1.toml" "$2" --stats >"$made/$2.csv" 2>"$made/$2.stats"
    fi
}

# prove RIVER...: the bytes from both targets are the same.
prove() {
    [ -n "$wasm" ] || return 0
    echo
    for river in "$@"; do
        cmp "$made/$river.csv" "$made/$river.wasm.csv"
        sum=$(sha256sum <"$made/$river.csv" | cut -c1-16)
        printf '  native = WASM   %-10s %9d bytes   sha256 %s...\n' \
            "$river" "$(wc -c <"$made/$river.csv")" "$sum"
    done
}

# ---- (a) real data -------------------------------------------------------------------------------

real_data() {
    title "A year of Seattle's hours, by the day"
    sed -n '/river.daily/,/^$/p' $rivers/weather.toml
    shows nagare run $rivers/weather.toml daily
    compute weather daily
    $python tools/plot.py mean --along day --height 8 --title "degrees Celsius" <"$made/daily.csv"

    title "Ten thousand bird strikes, by phase of flight"
    sed -n '/river.by_phase/,/^$/p' $rivers/strikes.toml
    shows nagare run $rivers/strikes.toml by_phase
    compute strikes by_phase
    table <"$made/by_phase.csv"
    prove daily by_phase
}

# ---- (b) ten million rows ------------------------------------------------------------------------

make_rows() {
    $cc -O2 tools/sensor_model.c -o "$made/sensor_model"
    if [ "$(cat "$made/rows" 2>/dev/null)" != "$rows" ] || [ ! -f build/sensors.csv ]; then
        "$made/sensor_model" "$rows" >build/sensors.csv
        echo "$rows" >"$made/rows"
    fi
}

# What the first kernel of a header does with 16 rows, without the lines that silence compilers.
loop_of() {
    awk '/^\/\* v512: /        { inside = 1 }
         inside && /^\/\* map / { printing = 1 }
         printing && !/\(void\)/ { print "  " $0 }
         printing && /^}/        { exit }' "$1"
}

many_rows() {
    title "$rows readings of forty thermometers"
    make_rows
    head -n 4 build/sensors.csv | sed 's/^/  /'
    echo "  ... $(($(wc -c <build/sensors.csv) / 1000000)) MB"
    echo
    sed -n '/river.safe/,/^$/p; /river.total/,/^$/p' $rivers/sensors.toml

    title "What becomes of it"
    shows nagare explain $rivers/sensors.toml total
    ./nagare explain $rivers/sensors.toml total

    title "Sixteen rows of \`safe\` with AVX-512, as generated"
    shows nagare gen $rivers/sensors.toml -o sensors.h
    ./nagare gen $rivers/sensors.toml -o "$made/sensors.h"
    loop_of "$made/sensors.h"

    title "What comes out"
    shows nagare run $rivers/sensors.toml total
    compute sensors total
    table <"$made/total.csv"
    shows nagare run $rivers/sensors.toml by_sensor
    compute sensors by_sensor
    head -n 4 "$made/by_sensor.csv" | table
    echo "  ... and $(($(wc -l <"$made/by_sensor.csv") - 4)) more"
    echo
    shows "nagare run $rivers/sensors.toml hourly | grep s07"
    compute sensors hourly
    awk -F, 'NR == 1 || $1 == "s07"' "$made/hourly.csv" |
        $python tools/plot.py mean --along ts --height 8 --title "thermometer s07, degrees Celsius"
    prove total by_sensor hourly
}

# ---- speed ---------------------------------------------------------------------------------------

seconds_of_run() {
    sed -n 's/^\([0-9.]*\) s, .*/\1/p' "$1"
}

# race TITLE: lines `SECONDS|WHO` as bars, the quickest being 1.
race() {
    echo "  $1"
    sort -n | awk -F'|' '
        NR == 1 { best = $1 }
        { n = int(2 * $1 / best + 0.5)
          bar = ""
          for (i = 0; i < n && i < 40; i++) bar = bar "#"
          if (n > 40) bar = bar "..."
          printf "    %-42s %8.1f ms  %5.1f x  %s\n", $2, $1 * 1000, $1 / best, bar }'
}

speed() {
    title "How fast (this machine, now; nothing is asserted)"
    $cc -std=c99 -O3 -march=native examples/plain/total.c -o "$made/total" -lm
    $cc -std=c99 -O3 -march=native -I. -I"$made" examples/plain/arrays.c -o "$made/arrays" -lm
    ./nagare run $rivers/sensors.toml total --stats >"$made/total.csv" 2>"$made/total.stats"
    "$made/total" build/sensors.csv >"$made/total.plain" 2>"$made/total.seconds"
    {
        echo "$(seconds_of_run "$made/total.stats")|nagare"
        echo "$(cat "$made/total.seconds")|plain C: getline, strtof"
        if [ -n "$wasm" ]; then
            ./nagare run $rivers/sensors.toml total --target wasm --stats \
                >"$made/total.wasm.csv" 2>"$made/total.wasm.stats"
            echo "$(seconds_of_run "$made/total.wasm.stats")|nagare, WASM in Node"
            node examples/plain/total.mjs build/sensors.csv 2>"$made/js.seconds" >"$made/total.js"
            echo "$(cat "$made/js.seconds")|plain JavaScript: split, parseFloat"
        fi
    } | race "CSV to totals, $rows rows"
    echo
    {
        sed '1s/^/who,/; 2s/^/nagare,/' "$made/total.csv"
        sed -n '2s/^/plain C,/p' "$made/total.plain"
        [ -z "$wasm" ] || sed -n '2s/^/plain JavaScript,/p' "$made/total.js"
    } | table
    echo
    "$made/arrays" "$rows" >"$made/arrays.c.txt"
    [ -z "$wasm" ] || node examples/plain/arrays.mjs "$rows" >"$made/arrays.js.txt"
    {
        awk '$1 == "nagare" { print $2 "|nagare" }
             $1 == "plain"  { print $2 "|plain C: one loop, -O3 -march=native" }' \
            "$made/arrays.c.txt"
        [ -z "$wasm" ] || awk '{ print $2 "|plain JavaScript: one loop" }' "$made/arrays.js.txt"
    } | race "Numbers in memory to totals, $rows rows"
}

if [ -e build/data ]; then
    real_data
else
    echo "SKIPPED: the real data, which npm brings; see tools/setup.sh"
fi
many_rows
speed
