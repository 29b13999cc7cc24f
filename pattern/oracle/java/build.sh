#!/bin/sh
# Fetches event-ruler from Maven Central and compiles the Java side of the
# oracle and the benchmark into the directory $1.
set -e
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/classes"
if [ ! -f "$1/lib/event-ruler-2.1.0.jar" ]; then
	mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$1/lib" >&2
fi
for f in "$here"/*.java; do
	if [ ! -f "$1/classes/.built" ] || [ "$f" -nt "$1/classes/.built" ]; then
		javac -nowarn -XDsuppressNotes -cp "$1/lib/*" -d "$1/classes" "$here"/*.java >&2
		touch "$1/classes/.built"
		break
	fi
done
