// Generated from metrics/catalogue.json: run "npm run contracts:generate".
import type { MetricDefinition, WindowDefinition, WindowName } from '../metric-catalogue.js';

export const windowDefinitions: Readonly<Record<WindowName, WindowDefinition>> = {
  "1m": {
    "title": "minute",
    "lengthMs": 60000
  },
  "10m": {
    "title": "10 minutes, sliding by 1 minute",
    "lengthMs": 600000,
    "slideMs": 60000
  },
  "1h": {
    "title": "hour",
    "lengthMs": 3600000
  },
  "1d": {
    "title": "day in the shop's time zone"
  },
  "1mo": {
    "title": "month in the shop's time zone"
  }
};

export const metricCatalogue: readonly MetricDefinition[] = [
  {
    "name": "orders",
    "unit": "orders",
    "title": "Orders",
    "doc": "Orders placed.",
    "sources": [
      "shop.orders.v1"
    ],
    "windows": [
      "1m",
      "1d",
      "1mo"
    ],
    "dimensions": [
      [],
      [
        "country"
      ]
    ]
  },
  {
    "name": "units_sold",
    "unit": "items",
    "title": "Items sold",
    "doc": "Items in the orders placed.",
    "sources": [
      "shop.orders.v1"
    ],
    "windows": [
      "1m",
      "1d"
    ],
    "dimensions": [
      [],
      [
        "category"
      ]
    ]
  },
  {
    "name": "revenue",
    "unit": "minor",
    "title": "Revenue",
    "doc": "Total of the orders placed, before refunds.",
    "sources": [
      "shop.orders.v1"
    ],
    "windows": [
      "1m",
      "1d",
      "1mo"
    ],
    "dimensions": [
      [
        "currency"
      ],
      [
        "country",
        "currency"
      ],
      [
        "category",
        "currency"
      ]
    ]
  },
  {
    "name": "average_order_value",
    "unit": "minor",
    "title": "Average order",
    "doc": "Revenue divided by orders placed.",
    "sources": [
      "shop.orders.v1"
    ],
    "windows": [
      "1m",
      "1d"
    ],
    "dimensions": [
      [
        "currency"
      ]
    ]
  },
  {
    "name": "refunds",
    "unit": "minor",
    "title": "Refunds",
    "doc": "Money given back by refunds.",
    "sources": [
      "shop.orders.v1"
    ],
    "windows": [
      "1m",
      "1d",
      "1mo"
    ],
    "dimensions": [
      [
        "currency"
      ],
      [
        "country",
        "currency"
      ]
    ]
  },
  {
    "name": "refund_count",
    "unit": "refunds",
    "title": "Refunds",
    "doc": "Number of refunds.",
    "sources": [
      "shop.orders.v1"
    ],
    "windows": [
      "1m",
      "1d",
      "1mo"
    ],
    "dimensions": [
      []
    ]
  },
  {
    "name": "active_users",
    "unit": "visitors",
    "title": "Active users",
    "doc": "Distinct visitors with a click.",
    "sources": [
      "shop.clickstream.v1"
    ],
    "windows": [
      "1m"
    ],
    "dimensions": [
      [],
      [
        "country"
      ]
    ]
  },
  {
    "name": "views",
    "unit": "views",
    "title": "Product views",
    "doc": "Product pages seen.",
    "sources": [
      "shop.clickstream.v1"
    ],
    "windows": [
      "1m",
      "1d"
    ],
    "dimensions": [
      [],
      [
        "category"
      ]
    ]
  },
  {
    "name": "conversion_rate",
    "unit": "ratio",
    "title": "Conversion",
    "doc": "Distinct visitors with an order placed divided by distinct visitors with a click or an order, in the same window.",
    "sources": [
      "shop.clickstream.v1",
      "shop.orders.v1"
    ],
    "windows": [
      "1h"
    ],
    "dimensions": [
      [],
      [
        "country"
      ]
    ]
  },
  {
    "name": "cart_abandonment",
    "unit": "ratio",
    "title": "Carts left",
    "doc": "Sessions that put something into the cart and placed no order, divided by sessions that put something into the cart, in the same window.",
    "sources": [
      "shop.clickstream.v1",
      "shop.orders.v1"
    ],
    "windows": [
      "1h"
    ],
    "dimensions": [
      []
    ]
  },
  {
    "name": "top_products",
    "unit": "items",
    "title": "Best sellers",
    "doc": "The ten products of which most items were ordered; ties by product id.",
    "sources": [
      "shop.orders.v1"
    ],
    "windows": [
      "10m"
    ],
    "dimensions": [
      []
    ]
  },
  {
    "name": "stock_level",
    "unit": "items",
    "title": "Stock",
    "doc": "Items on hand after the last stock event of the window.",
    "sources": [
      "shop.inventory.v1"
    ],
    "windows": [
      "1m"
    ],
    "dimensions": [
      [
        "product"
      ]
    ]
  },
  {
    "name": "low_stock",
    "unit": "products",
    "title": "Low stock",
    "doc": "Products whose last known level is at or under their reorder point; the items are the lowest of them.",
    "sources": [
      "shop.inventory.v1"
    ],
    "windows": [
      "1m"
    ],
    "dimensions": [
      []
    ]
  },
  {
    "name": "stock_turnover",
    "unit": "ratio",
    "title": "Stock turnover",
    "doc": "Items that left by sale divided by the mean items on hand (sum over the products of the mean of their levels seen), in the same window.",
    "sources": [
      "shop.inventory.v1"
    ],
    "windows": [
      "1d"
    ],
    "dimensions": [
      [],
      [
        "category"
      ]
    ]
  },
  {
    "name": "rating",
    "unit": "stars",
    "title": "Rating",
    "doc": "Mean rating.",
    "sources": [
      "shop.feedback.v1"
    ],
    "windows": [
      "1h",
      "1d"
    ],
    "dimensions": [
      [],
      [
        "category"
      ]
    ]
  },
  {
    "name": "events",
    "unit": "events",
    "title": "Events",
    "doc": "Events counted, by topic: valid, in time, and the first of their id.",
    "sources": [
      "shop.clickstream.v1",
      "shop.orders.v1",
      "shop.inventory.v1",
      "shop.feedback.v1"
    ],
    "windows": [
      "1m"
    ],
    "dimensions": [
      [
        "topic"
      ]
    ]
  }
];

/** What the ruler finds out about the running system itself, for its rules alone: no windows of these are published. */
export const systemMetrics: readonly MetricDefinition[] = [
  {
    "name": "consumer_lag",
    "unit": "records",
    "title": "Lag",
    "doc": "Records that the consumer group, or the Spark job, has not read yet, over all partitions.",
    "sources": [],
    "windows": [
      "1m"
    ],
    "dimensions": [
      [
        "group",
        "topic"
      ]
    ]
  },
  {
    "name": "time_to_data_loss",
    "unit": "seconds",
    "title": "Time to data loss",
    "doc": "Until retention may delete the oldest record that the group has not read, the least over the partitions; 0 where it has deleted some. Without lag, and of topics that are compacted or kept for ever, there is none.",
    "sources": [],
    "windows": [
      "1m"
    ],
    "dimensions": [
      [
        "group",
        "topic"
      ]
    ]
  },
  {
    "name": "batch_duration",
    "unit": "seconds",
    "title": "Batch duration",
    "doc": "Mean over the Spark job's batches since the look before; while none ends although there is lag, the time since the last one did.",
    "sources": [],
    "windows": [
      "1m"
    ],
    "dimensions": [
      [
        "job"
      ]
    ]
  },
  {
    "name": "freshness",
    "unit": "seconds",
    "title": "Freshness",
    "doc": "From now back to the newest event time that the windows read so far were computed to.",
    "sources": [],
    "windows": [
      "1m"
    ],
    "dimensions": [
      []
    ]
  }
];
