"""A consumer of the events, and whether what it has is what the audit table has."""

import json
import time
from datetime import datetime, timezone

import pika
from broker import PASSWORD, USER, VHOST

EXCHANGE = "nightlatch.events"


class Wrong(Exception):
    """The stream is not what it should be."""


class Queue:
    """A durable queue of this name, bound to the exchange of the events, and what was read from it."""

    def __init__(self, broker, name, key="#", arguments=None):
        self.broker, self.name, self.read = broker, name, []
        with self.connect() as connection:
            channel = connection.channel()
            channel.exchange_declare(EXCHANGE, "topic", durable=True)
            channel.queue_declare(name, durable=True, arguments=arguments)
            channel.queue_bind(name, EXCHANGE, key)

    def connect(self):
        login = pika.PlainCredentials(USER, PASSWORD)
        return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.broker.port, VHOST, login))

    def drain(self, wanted, seconds=10):
        """Reads until `wanted` different events were read in all, and whatever else lies there; gives every delivery so far."""
        ids, give_up = {delivery.id for delivery in self.read}, time.monotonic() + seconds
        with self.connect() as connection:
            channel = connection.channel()
            while time.monotonic() < give_up:
                method, properties, body = channel.basic_get(self.name)
                if method:
                    self.read.append(Delivery(method, properties, body))
                    ids.add(properties.message_id)
                    channel.basic_ack(method.delivery_tag)
                elif len(ids) >= wanted:
                    break
                else:
                    connection.sleep(0.005)
        return self.read

    def depth(self):
        with self.connect() as connection:
            return connection.channel().queue_declare(self.name, passive=True).method.message_count

    def delete(self):
        with self.connect() as connection:
            connection.channel().queue_delete(self.name)

    def forget_exchange(self):
        with self.connect() as connection:
            connection.channel().exchange_delete(EXCHANGE)


class Delivery:
    """One delivery, as a consumer has it."""

    def __init__(self, method, properties, body):
        self.key, self.properties, self.body, self.at = method.routing_key, properties, body, time.monotonic()
        self.id, self.event = properties.message_id, json.loads(body)


def as_event(row, site):
    """What a row of the audit table is in the stream."""
    seconds, millis = divmod(row["created_at"], 1000)
    event = {
        "specversion": "1.0",
        "id": row["id"],
        "source": site,
        "type": row["type"],
        "time": f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%S}.{millis:03}Z",
        "sequence": f"{row['sequence']:019}",
        "datacontenttype": "application/json",
        "data": json.loads(row["data"]) | {name: row[name] for name in ["actor_id", "session_id", "ip", "user_agent"]},
    }
    return event | ({"subject": row["user_id"]} if row["user_id"] else {})


def compare(rows, deliveries, site):
    """Each row once or more, field by field, and nothing else; gives how many deliveries were repetitions."""
    first = {}
    for delivery in deliveries:
        if first.setdefault(delivery.id, delivery).body != delivery.body:
            raise Wrong(f"two deliveries of {delivery.id} differ: {first[delivery.id].body} and {delivery.body}")
        properties = delivery.properties
        if (properties.content_type, properties.delivery_mode) != ("application/cloudevents+json", 2):
            raise Wrong(f"{delivery.id} came with {properties}")
        if delivery.key != delivery.event["type"]:
            raise Wrong(f"{delivery.id} came by way of {delivery.key}: {delivery.event}")
    missing = [row["id"] for row in rows if row["id"] not in first]
    if missing or len(first) != len(rows):
        raise Wrong(f"{len(rows)} events and {len(first)} in the stream; {len(missing)} are missing, such as {missing[:1]}")
    for row in rows:
        if first[row["id"]].event != as_event(row, site):
            raise Wrong(f"the table has {as_event(row, site)}, the stream {first[row['id']].event}")
        if row["publish_after"] is not None or row["parked_at"] is not None:
            raise Wrong(f"{row['id']} was published, and waits all the same")
    if sorted(row["sequence"] for row in rows) != list(range(1, len(rows) + 1)):
        raise Wrong("the sequence has gaps")
    return len(deliveries) - len(rows)
