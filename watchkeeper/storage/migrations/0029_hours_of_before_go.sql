-- What the hours of before held is in calls_1h now.
DROP TABLE IF EXISTS calls_1h_before;
DROP TABLE IF EXISTS health_1h;
