"""Programs made from the description go on compiling: what it calls a shape is no class of ours."""

from __future__ import annotations

from fastapi.testclient import TestClient


def test_the_description_has_the_names_that_it_always_had(client: TestClient) -> None:
    answer = client.get("/openapi.json")
    schemas = answer.json()["components"]["schemas"]

    assert "Shape" not in answer.text
    assert {"Ticket", "TicketShown", "Person", "Plan", "Group", "HandleLink", "Source", "Event"} <= set(
        schemas
    )
    assert schemas["Page_Ticket_"]["title"] == "Page[Ticket]"
    assert schemas["Page_Ticket_"]["properties"]["items"]["items"] == {"$ref": "#/components/schemas/Ticket"}
    assert list(schemas) == sorted(schemas)
