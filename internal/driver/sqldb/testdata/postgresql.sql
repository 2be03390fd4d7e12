-- columns
SELECT q.* FROM "plant"."orders" q WHERE 1 = 0
   []interface {}(nil)
-- the first page of all
SELECT q."company" AS "company", q."id" AS "id", q."note]""`" AS "note]""`", q."changed" AS "changed", q."total" AS "total", q."company" AS "busbar_0", q."id" AS "busbar_1" FROM "plant"."orders" q WHERE q."company" IN ($1, $2) ORDER BY q."company", q."id" LIMIT 11
   []interface {}{"A'; DROP", "B"}
-- the next page of all
SELECT q."company" AS "company", q."id" AS "id", q."note]""`" AS "note]""`", q."changed" AS "changed", q."total" AS "total", q."company" AS "busbar_0", q."id" AS "busbar_1" FROM "plant"."orders" q WHERE q."company" IN ($1, $2) AND (q."company", q."id") > ($3, $4) ORDER BY q."company", q."id" LIMIT 11
   []interface {}{"A'; DROP", "B", "A", "9007199254740993"}
-- a count of a period
SELECT COUNT(*), MAX(q."changed"), clock_timestamp() FROM "plant"."orders" q WHERE q."company" IN ($1, $2) AND (q."changed" >= $3 OR q."changed" IS NULL)
   []interface {}{"A'; DROP", "B", "2026-01-01T00:00:00Z"}
-- the next page of changes
SELECT q."company" AS "company", q."id" AS "id", q."note]""`" AS "note]""`", q."changed" AS "changed", q."total" AS "total", q."changed" AS "busbar_0", q."company" AS "busbar_1", q."id" AS "busbar_2" FROM "plant"."orders" q WHERE q."company" IN ($1, $2) AND q."changed" >= $3 AND (q."changed", q."company", q."id") > ($4, $5, $6) ORDER BY q."changed", q."company", q."id" LIMIT 11
   []interface {}{"A'; DROP", "B", "2026-03-04T10:00:00.123456Z", "2026-03-04T11:00:00.007", "A", "12"}
-- rows without a time of change
SELECT q."company" AS "company", q."id" AS "id", q."note]""`" AS "note]""`", q."changed" AS "changed", q."total" AS "total", q."company" AS "busbar_0", q."id" AS "busbar_1" FROM "plant"."orders" q WHERE q."company" IN ($1, $2) AND COALESCE(q."changed", q."total") IS NULL ORDER BY q."company", q."id" LIMIT 11
   []interface {}{"A'; DROP", "B"}
-- what belongs to rows
SELECT q."company" AS "company", q."id" AS "id", q."note]""`" AS "note]""`", q."changed" AS "changed", q."total" AS "total" FROM (
SELECT * FROM lines
) q WHERE (q."company" = $1 AND q."id" = $2 OR q."company" = $3 AND q."id" = $4)
   []interface {}{"A", "1", "B", "2"}
-- an insert
INSERT INTO "plant"."orders" ("note]""`", "changed", "total", "company") VALUES ($1, $2, $3, NULL) RETURNING "id"
   []interface {}{"it's", "2026-03-04T11:00:00.5Z", "12.50"}
-- an update
UPDATE "plant"."orders" SET "note]""`" = $1, "changed" = $2, "total" = $3, "company" = NULL WHERE "company" = $4 AND "id" = $5 AND "changed" = $6 AND "note]""`" IS NULL
   []interface {}{"it's", "2026-03-04T11:00:00.5Z", "12.50", "A", "1", "2026-03-04T11:00:00"}
-- a lock
SELECT "company", "id" FROM "plant"."orders" WHERE "company" = $1 AND "id" = $2 FOR UPDATE
   []interface {}{"A", "1"}
-- a procedure
CALL "plant"."close"($1)
   []interface {}(nil)
-- at the beginning of a connection
SET statement_timeout = 60000
   []interface {}(nil)
-- at the beginning of a connection
SET TIME ZONE 'UTC'
   []interface {}(nil)
-- at the beginning of a connection
SET DATESTYLE = 'ISO'
   []interface {}(nil)
-- the version
SELECT current_setting('server_version'), current_user
   []interface {}(nil)
