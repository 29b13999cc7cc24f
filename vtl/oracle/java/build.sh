#!/bin/sh
# Fetches Apache Velocity from Maven Central and compiles the Java side of the
# oracle into the directory $1.
set -e
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/classes"
if [ ! -f "$1/lib/velocity-engine-core-2.4.1.jar" ]; then
	mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$1/lib" >&2
fi
if [ ! -f "$1/classes/Oracle.class" ] || [ "$here/Oracle.java" -nt "$1/classes/Oracle.class" ]; then
	javac -nowarn -XDsuppressNotes -cp "$1/lib/*" -d "$1/classes" "$here/Oracle.java" >&2
fi
