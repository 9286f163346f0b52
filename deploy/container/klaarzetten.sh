#!/bin/sh
# Maakt naast compose.yaml wat die vraagt: .env, productie.ini, en in geheimen/ de wachtwoorden en de rollen van
# de database. Wat er al is, blijft zoals het is. Als root; bij podman zonder root met podman unshare ervoor.
set -eu
umask 077
export LC_ALL=C
refuse() { echo "$1 Er is niets gewijzigd." >&2; exit 2; }
# Geen realpath: certbot zet bij elke vernieuwing een ander bestand achter dezelfde koppeling.
absolute() { case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
if [ $# -ne 3 ]; then
    echo "Gebruik: ./klaarzetten.sh meldpunt.example.nl CERTIFICAAT SLEUTEL (twee bestanden, PEM)" >&2
    exit 2
fi
naam=$1
case $naam in *[!a-z0-9.-]*) naam= ;; esac
echo "$naam" | grep -Eqx '([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])' ||
    refuse "'$1' is geen naam van een machine. Geef alleen de naam, in kleine letters en zonder https:// of /."
for bestand in "$2" "$3"; do
    [ -f "$bestand" ] && [ -r "$bestand" ] || refuse "$bestand is er niet, of is niet te lezen."
done
certificaat=$(absolute "$2")
sleutel=$(absolute "$3")
[ "$(id -u)" = 0 ] || refuse "Dit moet root doen (bij podman zonder root: podman unshare ./klaarzetten.sh …)."
cd "$(dirname -- "$0")"

# Alles krijgt pas zijn naam als het af is: wat halverwege stopt, begint de volgende keer opnieuw.
if [ ! -s .env ]; then
    printf 'NAAM=%s\nCERTIFICAAT=%s\nCERTIFICAATSLEUTEL=%s\n' "$naam" "$certificaat" "$sleutel" > .env.nieuw
    mv .env.nieuw .env
fi

if [ ! -s productie.ini ]; then
    sed -e "s/meldpunt\.example\.nl/$naam/g" -e 's/@localhost/@db/' \
        -e 's/^web\.host =.*/web.host = 0.0.0.0/' -e 's/^metrics\.host =.*/metrics.host = 0.0.0.0/' \
        -e 's#^backup\.folder =.*#backup.folder = /var/backups/stopintimidatie#' \
        -e 's#^backup\.ledger =.*#backup.ledger = /var/backups/stopintimidatie/grootboek.jsonl#' \
        ../../production.ini > productie.ini.nieuw
    chown 0:10001 productie.ini.nieuw
    chmod 0640 productie.ini.nieuw
    mv productie.ini.nieuw productie.ini
fi

if [ ! -e geheimen ]; then
    rm -rf geheimen.nieuw
    mkdir geheimen.nieuw
    password() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }
    # De map sluit anderen buiten; in de container leest een andere gebruiker deze twee.
    password > geheimen.nieuw/postgres
    for role in app owner backup maintenance; do
        word=$(password)
        echo "db:5432:stopintimidatie:stopintimidatie_$role:$word" >> geheimen.nieuw/pgpass-beheer
        echo "CREATE ROLE stopintimidatie_$role LOGIN PASSWORD '$word';" >> geheimen.nieuw/rollen.sql
    done
    grep ':stopintimidatie_app:' geheimen.nieuw/pgpass-beheer > geheimen.nieuw/pgpass
    grep ':stopintimidatie_owner:' geheimen.nieuw/pgpass-beheer > geheimen.nieuw/pgpass-migratie
    echo "db:5432:stopintimidatie:postgres:$(cat geheimen.nieuw/postgres)" >> geheimen.nieuw/pgpass-migratie
    chmod 0444 geheimen.nieuw/postgres geheimen.nieuw/rollen.sql
    # libpq weigert een wachtwoordbestand dat meer mensen kunnen lezen dan wie het gebruikt.
    chown 10001:10001 geheimen.nieuw/pgpass*
    mv geheimen.nieuw geheimen
fi
