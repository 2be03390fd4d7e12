-- columns
SELECT q.* FROM `plant`.`orders` q WHERE 1 = 0
   []interface {}(nil)
-- the first page of all
SELECT q.`company` AS `company`, q.`id` AS `id`, q.`note]"``` AS `note]"```, q.`changed` AS `changed`, q.`total` AS `total`, q.`company` AS `busbar_0`, q.`id` AS `busbar_1` FROM `plant`.`orders` q WHERE q.`company` IN (?, ?) ORDER BY q.`company`, q.`id` LIMIT 11
   []interface {}{"A'; DROP", "B"}
-- the next page of all
SELECT q.`company` AS `company`, q.`id` AS `id`, q.`note]"``` AS `note]"```, q.`changed` AS `changed`, q.`total` AS `total`, q.`company` AS `busbar_0`, q.`id` AS `busbar_1` FROM `plant`.`orders` q WHERE q.`company` IN (?, ?) AND q.`company` >= ? AND (q.`company` > ? OR q.`company` = ? AND q.`id` > ?) ORDER BY q.`company`, q.`id` LIMIT 11
   []interface {}{"A'; DROP", "B", "A", "A", "A", 9007199254740993}
-- a count of a period
SELECT COUNT(*), MAX(q.`changed`), UTC_TIMESTAMP(6) FROM `plant`.`orders` q WHERE q.`company` IN (?, ?) AND (q.`changed` >= CAST(? AS DATETIME(6)) OR q.`changed` IS NULL)
   []interface {}{"A'; DROP", "B", "2026-01-01 00:00:00"}
-- the next page of changes
SELECT q.`company` AS `company`, q.`id` AS `id`, q.`note]"``` AS `note]"```, q.`changed` AS `changed`, q.`total` AS `total`, q.`changed` AS `busbar_0`, q.`company` AS `busbar_1`, q.`id` AS `busbar_2` FROM `plant`.`orders` q WHERE q.`company` IN (?, ?) AND q.`changed` >= CAST(? AS DATETIME(6)) AND q.`changed` >= CAST(? AS DATETIME(6)) AND (q.`changed` > CAST(? AS DATETIME(6)) OR q.`changed` = CAST(? AS DATETIME(6)) AND q.`company` > ? OR q.`changed` = CAST(? AS DATETIME(6)) AND q.`company` = ? AND q.`id` > ?) ORDER BY q.`changed`, q.`company`, q.`id` LIMIT 11
   []interface {}{"A'; DROP", "B", "2026-03-04 10:00:00.123456", "2026-03-04 11:00:00.007", "2026-03-04 11:00:00.007", "2026-03-04 11:00:00.007", "A", "2026-03-04 11:00:00.007", "A", 12}
-- rows without a time of change
SELECT q.`company` AS `company`, q.`id` AS `id`, q.`note]"``` AS `note]"```, q.`changed` AS `changed`, q.`total` AS `total`, q.`company` AS `busbar_0`, q.`id` AS `busbar_1` FROM `plant`.`orders` q WHERE q.`company` IN (?, ?) AND COALESCE(q.`changed`, q.`total`) IS NULL ORDER BY q.`company`, q.`id` LIMIT 11
   []interface {}{"A'; DROP", "B"}
-- what belongs to rows
SELECT q.`company` AS `company`, q.`id` AS `id`, q.`note]"``` AS `note]"```, q.`changed` AS `changed`, q.`total` AS `total` FROM (
SELECT * FROM lines
) q WHERE (q.`company` = ? AND q.`id` = ? OR q.`company` = ? AND q.`id` = ?)
   []interface {}{"A", 1, "B", 2}
-- an insert
INSERT INTO `plant`.`orders` (`note]"```, `changed`, `total`, `company`) VALUES (?, CAST(? AS DATETIME(6)), CAST(? AS DECIMAL(65,30)), NULL)
   []interface {}{"it's", "2026-03-04 11:00:00.5", "12.50"}
-- an update
UPDATE `plant`.`orders` SET `note]"``` = ?, `changed` = CAST(? AS DATETIME(6)), `total` = CAST(? AS DECIMAL(65,30)), `company` = NULL WHERE `company` = ? AND `id` = ? AND `changed` = CAST(? AS DATETIME(6)) AND `note]"``` IS NULL
   []interface {}{"it's", "2026-03-04 11:00:00.5", "12.50", "A", 1, "2026-03-04 11:00:00"}
-- a lock
SELECT `company`, `id` FROM `plant`.`orders` WHERE `company` = ? AND `id` = ? FOR UPDATE
   []interface {}{"A", 1}
-- a procedure
CALL `plant`.`close`(?)
   []interface {}(nil)
-- at the beginning of a connection
SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,ERROR_FOR_DIVISION_BY_ZERO'
   []interface {}(nil)
-- at the beginning of a connection
SET @busbar = 0 /*M!100101 , max_statement_time = 60 */ /*!50708 , max_execution_time = 60000 */
   []interface {}(nil)
-- the version
SELECT VERSION(), CURRENT_USER()
   []interface {}(nil)
